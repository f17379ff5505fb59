import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '../kernel/app-error.js';
import { Lifecycle } from '../kernel/lifecycle.js';
import { LOG, type Log } from '../kernel/log.js';
import type { Requester } from '../kernel/role.js';
import { StoreClock } from '../kernel/store-clock.js';
import { Destinations } from '../registry/accounts/destination.js';
import type { MessageHead } from '../queue/message.js';
import { ENTRY_STATES, type EntryFilter } from '../storage/queue/entry.js';
import { MessageQueue } from '../queue/message-queue.js';
import { ReplayOfAll } from '../dispatch/later/replay-of-all.js';
import { toLogged } from './sending/message-log.js';
import { MessageWakes } from './message-wakes.js';
import { type Addressee, toAddressee } from '../kernel/account.js';

const PAGE_SIZE = 200;

/** Names a message without its `msgid`, which may be any text. Its `webhookId` tells corps apart. */
export interface MessageName {
  readonly openKfId: string;
  readonly webhookId: string;
}

/** What operators can do with waiting and dead messages. Each action is logged with who asked for it. */
@Injectable()
export class MessageOperations {
  readonly #replays: ReplayOfAll<MessageHead>;

  constructor(
    private readonly queue: MessageQueue,
    private readonly destinations: Destinations,
    private readonly wakes: MessageWakes,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
    lifecycle: Lifecycle,
  ) {
    this.#replays = new ReplayOfAll(lifecycle, 'MESSAGES_REPLAY_UNDER_WAY');
  }

  /**
   * Makes a dead message wait again, and what waits of its account due at once, in its order. An endpoint with an open
   * circuit gets it as its next probe, or after that.
   * @throws AppError `MESSAGE_NOT_FOUND`, also where its content is gone; `MESSAGE_UNDELIVERABLE`, `STORE_UNAVAILABLE`; all
   *   is as it was.
   */
  async replay(name: MessageName, by: Requester): Promise<void> {
    const head = await this.#get(name);
    if (this.destinations.find(head).isUnknown) await this.destinations.lookUp(head);
    const endpoint = this.#endpointOf(head);
    if (endpoint === null) throw new AppError('MESSAGE_UNDELIVERABLE');
    if (!(await this.#revive(head, endpoint))) throw new AppError('MESSAGE_NOT_FOUND');
    this.log.info({ ...toLogged(head), ...by }, 'message.replayed');
  }

  /**
   * Replays all dead messages, of the corp or of all corps. Those that nobody takes stay dead. Ends early when the
   * process does.
   * @returns how many wait again.
   * @throws AppError `MESSAGES_REPLAY_UNDER_WAY`; `STORE_UNAVAILABLE`: some may wait by then, and it can be repeated.
   */
  replayDead(corpId: string | null, by: Requester): Promise<number> {
    return this.#replays.run(
      this.#pages({ states: ['dead'], corpId, openKfId: null }),
      async (head) => {
        const endpoint = this.#endpointOf(head);
        return endpoint !== null && (await this.#revive(head, endpoint));
      },
      (replayed, left) => this.log.info({ corpId, replayed, left, ...by }, 'messages.replayed'),
    );
  }

  /**
   * Gives the message up: its bot never gets it, and what it says is gone. Those behind it go on.
   * @throws AppError `MESSAGE_NOT_FOUND`, also when it was taken meanwhile; `STORE_UNAVAILABLE`
   */
  async drop(name: MessageName, by: Requester): Promise<void> {
    const head = await this.#get(name);
    if (!(await this.queue.drop(toAddressee(head), head.msgid))) throw new AppError('MESSAGE_NOT_FOUND');
    const { state, attempts, storedAtMs } = head;
    const ageS = Math.round((this.storeClock.nowMs() - storedAtMs) / 1_000);
    this.log.info({ ...toLogged(head), state, attempts, ageS, ...by }, 'message.dropped');
  }

  async *#pages(filter: EntryFilter): AsyncGenerator<readonly MessageHead[]> {
    for (let cursor: string | null = null; ;) {
      const page = await this.queue.list(filter, cursor, PAGE_SIZE);
      yield page.messages;
      ({ cursor } = page);
      if (cursor === null) return;
    }
  }

  /** Where a message would go, now or after a pause; `null` while nobody is there, and where people serve the account. */
  #endpointOf(account: Addressee): string | null {
    const { state, isPaused } = this.destinations.find(account);
    if (state === 'unserved') return null;
    if (isPaused) return this.destinations.findForMessages(account)?.endpoint?.href ?? null;
    return this.wakes.endpointOf(account);
  }

  async #revive(head: MessageHead, endpoint: string): Promise<boolean> {
    const [account, nowMs] = [toAddressee(head), this.storeClock.nowMs()];
    if (head.state === 'dead' && !(await this.queue.replay(account, head.msgid, endpoint, nowMs)))
      return false;
    await this.wakes.wake(account, endpoint);
    return true;
  }

  async #get({ openKfId, webhookId }: MessageName): Promise<MessageHead> {
    const { messages } = await this.queue.list(
      { states: ENTRY_STATES, openKfId, keys: [webhookId] },
      null,
      1,
    );
    const [found] = messages;
    if (found === undefined) throw new AppError('MESSAGE_NOT_FOUND');
    return found;
  }
}
