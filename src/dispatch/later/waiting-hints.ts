import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { LOG, type Log } from '../../kernel/log.js';
import { StoreClock } from '../../kernel/store-clock.js';
import type { Destination } from '../../registry/accounts/destination.js';
import { toAddress } from '../../registry/endpoint/endpoint.js';
import { type NewHint, toDropped, toWaiting } from '../../queue/event.js';
import { MemoryQueue } from '../../storage/queue/queue-store.js';
import { EventQueue } from '../../queue/event-queue.js';
import type { Recoveries } from '../endpoint/attempt-outcomes.js';
import { WaitingMessages } from '../endpoint/waiting-messages.js';
import type { Addressee } from '../../kernel/account.js';

/** How many hints that could not be stored are retried from memory. Their senders were answered 503. */
const UNSTORED_MAX = 2_000;

const PAGE_SIZE = 200;

/** Everything that is to be delivered later: what is kept, and what could not be kept. */
@Injectable()
export class WaitingHints implements Recoveries {
  /** Retried for as long as this process lives. */
  readonly unstored: EventQueue;

  constructor(
    readonly kept: EventQueue,
    memory: MemoryQueue,
    private readonly messages: WaitingMessages,
    clock: Clock,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
  ) {
    this.unstored = new EventQueue(memory, clock);
  }

  /** Retries a hint from memory that could not be stored, if there is room and it is not parked. */
  async tryFromMemory(hint: NewHint): Promise<void> {
    const { waiting } = await this.unstored.counts();
    if (waiting >= UNSTORED_MAX || hint.dueAtMs === null) return;
    await this.unstored.put([{ ...hint, lease: null }], this.storeClock.nowMs());
    this.unstored.added.wakeUp();
  }

  async recovered(endpoint: string): Promise<void> {
    try {
      this.messages.recovered(endpoint);
      await Promise.all([this.kept, this.unstored].map((queue) => this.#wakeAt(queue, endpoint)));
    } catch (err) {
      this.log.debug({ endpoint: toAddress(endpoint), err }, 'outbox.wake_failed');
    }
  }

  /** Call it when a puppet registered for the account, and its claimed hint is on its way. */
  registered(account: Addressee): void {
    this.messages.woken(account, false);
  }

  /** Call it when a bot is there for accounts that it does not list one by one. */
  someAreThere(): void {
    this.messages.someWoken();
  }

  /** Makes due what waits of the corp because of a pause; what is still paused is kept again. */
  async pauseEnded(corpId: string): Promise<void> {
    this.messages.someWoken();
    for (let cursor: string | null = null; ;) {
      const page = await this.kept.list({ states: ['parked'], corpId, stage: 'paused' }, cursor, PAGE_SIZE);
      await Promise.all(page.hints.map((hint) => hint.endpoint !== null && this.#wake(hint, hint.endpoint)));
      this.kept.added.wakeUp();
      ({ cursor } = page);
      if (cursor === null) return;
    }
  }

  /**
   * Makes the hint of an account due whose recipient is known by now; drops it where people serve the account.
   * @param isMoved whether a bot that was there before has got the account.
   */
  async wake(destination: Destination, isMoved = false): Promise<void> {
    const { endpoint, state } = destination;
    this.messages.woken(destination, isMoved);
    if (state === 'unserved') return this.#drop(destination);
    if (endpoint === null) return;
    await this.#wake(destination, endpoint.href);
    this.kept.added.wakeUp();
  }

  #wake(account: Addressee, endpoint: string): Promise<unknown> {
    const nowMs = this.storeClock.nowMs();
    return this.kept.change(account, (hint) => toWaiting(hint, endpoint, nowMs));
  }

  async #wakeAt(queue: EventQueue, endpoint: string): Promise<void> {
    try {
      await queue.lines.wakeEndpoint(endpoint, this.storeClock.nowMs());
    } finally {
      queue.added.wakeUp();
    }
  }

  async #drop(destination: Destination): Promise<void> {
    const hint = await this.kept.find(destination);
    if (hint === null || destination.refresh().state !== 'unserved') return;
    await this.kept.change(destination, (now) => toDropped(now, hint.generation));
  }
}
