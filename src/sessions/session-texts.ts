import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { customerKey } from '../kernel/account.js';
import { Clock, type Timer } from '../kernel/clock.js';
import { LOG, type Log } from '../kernel/log.js';
import { BackgroundWork } from '../kernel/background-work.js';
import { StoreClock } from '../kernel/store-clock.js';
import { claimText, settledText } from './machine.js';
import { SessionStore } from './session-store.js';
import type { Session, SessionText } from './session.js';
import { type Customer, TextSender } from './text-sender.js';

/** A text that a process left, and one that is to be sent again, are found this often. */
const ROUND_MS = 3_000;
/** Customers of one lane who are sent their texts at the same time: a slow corp holds up no other. */
const AT_ONCE = 8;

/** What is under way for a corp, and what waits for that. Texts with a code are in a lane of their own. */
interface Lane {
  underWay: number;
  readonly waiting: Map<string, Customer>;
}

/** Sends the texts of sessions: each is one process's while it is under way, and found again if that process dies. */
@Injectable()
export class SessionTexts implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #lanes = new Map<string, Lane>();
  readonly #pending = new BackgroundWork();
  #timer: Timer | null = null;
  #isStopped = false;

  constructor(
    private readonly store: SessionStore,
    private readonly sender: TextSender,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = this.clock.after(ROUND_MS, () => void this.#round());
  }

  async onApplicationShutdown(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#lanes.forEach(({ waiting }) => waiting.clear());
    await this.#pending.whenOver();
  }

  /** Sends what is due, soon. */
  wake(session: Session): void {
    if (this.#isStopped || session.texts.length === 0) return;
    const { corpId, openKfId, customer } = session;
    const hasCode = session.texts.some(({ code }) => code !== null);
    const name = hasCode ? `${corpId} codes` : corpId;
    const lane = this.#lanes.get(name) ?? { underWay: 0, waiting: new Map() };
    this.#lanes.set(name, lane);
    lane.waiting.set(customerKey(session, customer), { corpId, openKfId, customer });
    this.#next(name, lane);
  }

  #next(name: string, lane: Lane): void {
    const [first] = lane.waiting;
    if (first === undefined) {
      if (lane.underWay === 0) this.#lanes.delete(name);
      return;
    }
    if (lane.underWay >= AT_ONCE) return;
    lane.waiting.delete(first[0]);
    lane.underWay++;
    const done = this.#sendAll(first[1]).finally(() => {
      lane.underWay--;
      this.#next(name, lane);
    });
    void this.#pending.add(done);
    this.#next(name, lane);
  }

  async #round(): Promise<void> {
    try {
      for (const session of await this.store.listWithTexts())
        if (claimText(session, this.storeClock.nowMs()) !== null) this.wake(session);
    } catch (err) {
      this.log.debug({ err }, 'session.round_failed');
    }
    if (!this.#isStopped) this.#timer = this.clock.after(ROUND_MS, () => void this.#round());
  }

  /** Never rejects: what is not sent is found by a later round. */
  async #sendAll(customer: Customer): Promise<void> {
    try {
      while (!this.#isStopped && (await this.#sendOne(customer)));
    } catch (err) {
      const { corpId, openKfId } = customer;
      this.log.debug({ corpId, openKfId, err }, 'session.texts_failed');
    }
  }

  /** @returns whether there was one. */
  async #sendOne(customer: Customer): Promise<boolean> {
    let text: SessionText | null = null;
    await this.store.change(customer, customer.customer, (session) => {
      const claimed = claimText(session, this.storeClock.nowMs());
      text = claimed?.text ?? null;
      return claimed?.session ?? session;
    });
    // Assigned in the callback, which the compiler does not see.
    const claimed = text as SessionText | null;
    if (claimed === null) return false;
    const errcode = await this.sender.send(customer, claimed);
    await this.store.change(customer, customer.customer, (session) =>
      settledText(session, claimed, errcode, this.storeClock.nowMs()),
    );
    return true;
  }
}
