import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { LOG, type Log } from '../../kernel/log.js';
import { StoreClock } from '../../kernel/store-clock.js';
import type { Destination } from '../../registry/accounts/destination.js';
import { toAddress } from '../../registry/endpoint/endpoint.js';
import type { NewHint } from '../../queue/event.js';
import { MemoryQueue } from '../../storage/queue/queue-store.js';
import { HintQueue } from './hint-queue.js';
import { Outbox } from './outbox.js';
import type { Recoveries } from '../endpoint/bot-endpoint.js';
import { accountKey, type Addressee } from '../../kernel/account.js';

/** How many hints that could not be stored are retried from memory. Their senders were answered 503. */
const UNSTORED_MAX = 2_000;

const PAGE_SIZE = 200;

/** Something other than hints that waits for endpoints. */
export interface AlsoWaiting {
  /** The endpoint was in trouble and took something. */
  recovered(endpoint: string): void;
  /** The account has another taker now. @param isMoved whether a bot that was there before has got the account. */
  woken(account: Addressee, isMoved: boolean): void;
  /** A bot is there now for accounts that it does not list one by one. */
  someWoken(): void;
  /** The endpoints that it waits for. @throws AppError `STORE_UNAVAILABLE` */
  listEndpoints(): Promise<readonly string[]>;
  /** Looks for what no due time brings up. The patrol calls it every 20 s. Never rejects. */
  lookAtAll(): Promise<void>;
}

/** Everything that is to be delivered later: what is kept, and what could not be kept. */
@Injectable()
export class WaitingHints implements Recoveries {
  readonly kept: HintQueue;
  /** Retried for as long as this process lives. */
  readonly unstored: HintQueue;
  #also: AlsoWaiting | null = null;

  constructor(
    outbox: Outbox,
    memory: MemoryQueue,
    clock: Clock,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
  ) {
    this.kept = new HintQueue(outbox);
    this.unstored = new HintQueue(new Outbox(memory, clock));
  }

  get also(): AlsoWaiting | null {
    return this.#also;
  }

  /** @param also the only other thing that waits. It is told of recoveries and changes, and the patrol looks at it. */
  tellAlso(also: AlsoWaiting): void {
    this.#also = also;
  }

  /** Retries a hint from memory that could not be stored, if there is room and it is not parked. */
  async tryFromMemory(hint: NewHint): Promise<void> {
    const { outbox } = this.unstored;
    const { waiting } = await outbox.counts();
    if (waiting >= UNSTORED_MAX || hint.dueAtMs === null) return;
    await outbox.put({ ...hint, lease: null }, this.storeClock.nowMs());
    this.unstored.wakeUp();
  }

  async recovered(endpoint: string): Promise<void> {
    try {
      this.#also?.recovered(endpoint);
      await Promise.all([this.kept, this.unstored].map((queue) => this.#wakeAt(queue, endpoint)));
    } catch (err) {
      this.log.debug({ endpoint: toAddress(endpoint), err }, 'outbox.wake_failed');
    }
  }

  /** Call it when a puppet registered for the account, and its claimed hint is on its way. */
  registered(account: Addressee): void {
    this.#also?.woken(account, false);
  }

  /** Call it when a bot is there for accounts that it does not list one by one. */
  someAreThere(): void {
    this.#also?.someWoken();
  }

  /** Makes due what waits of the corp because of a pause; what is still paused is kept again. */
  async pauseEnded(corpId: string): Promise<void> {
    this.#also?.someWoken();
    const { outbox } = this.kept;
    for (let cursor: string | null = null; ;) {
      const page = await outbox.list({ states: ['parked'], corpId, stage: 'paused' }, cursor, PAGE_SIZE);
      const nowMs = this.storeClock.nowMs();
      const woken = page.hints.map(
        (hint) => hint.endpoint !== null && outbox.wake(accountKey(hint), hint.endpoint, nowMs),
      );
      await Promise.all(woken);
      this.kept.wakeUp();
      ({ cursor } = page);
      if (cursor === null) return;
    }
  }

  /**
   * Makes the hint of an account due whose taker is known by now; drops it where people serve the account.
   * @param isMoved whether a bot that was there before has got the account.
   */
  async wake(destination: Destination, isMoved = false): Promise<void> {
    const { endpoint, state } = destination;
    this.#also?.woken(destination, isMoved);
    if (state === 'unserved') return this.#drop(destination);
    if (endpoint === null) return;
    await this.kept.outbox.wake(accountKey(destination), endpoint.href, this.storeClock.nowMs());
    this.kept.wakeUp();
  }

  async #wakeAt(queue: HintQueue, endpoint: string): Promise<void> {
    try {
      await queue.outbox.lines.wakeEndpoint(endpoint, this.storeClock.nowMs());
    } finally {
      queue.wakeUp();
    }
  }

  async #drop(destination: Destination): Promise<void> {
    const key = accountKey(destination);
    const hint = await this.kept.outbox.find(key);
    if (hint === null || destination.refresh().state !== 'unserved') return;
    await this.kept.outbox.drop(key, hint.generation);
  }
}
