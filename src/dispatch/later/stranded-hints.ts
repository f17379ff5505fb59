import { Injectable } from '@nestjs/common';
import { StoreClock } from '../../kernel/store-clock.js';
import { type HintHead, toDropped, toWaiting } from '../../queue/event.js';
import type { EventQueue } from '../../queue/event-queue.js';
import { toFailure } from '../../queue/failure.js';
import { MESSAGE_LIFE_MS } from '../../queue/message.js';
import { Destinations } from '../../registry/accounts/destination.js';
import { runningLease } from '../../storage/queue/line.js';
import type { LineFilter } from '../../storage/queue/queue-store.js';
import { HintOutcomes } from './outcomes.js';

const PAGE_SIZE = 200;
const PARKED: LineFilter = { states: ['parked'], corpId: null };
const WAITING: LineFilter = { states: ['waiting'], corpId: null };
/** Pages of waiting hints in one round, 5,000 hints in all: a store with many more needs its time for other work. */
const WAITING_PAGES_MAX = 25;

/**
 * Hints that no due time brings up: parked ones that have expired, whose puppet is known by now, or whose bot is not paused any
 * more; and those behind the circuit of an endpoint that their account has left.
 */
@Injectable()
export class StrandedHints {
  #isStopped = false;
  /** Where the next round goes on among waiting hints; no entry: at the beginning. */
  readonly #lookedAt = new Map<EventQueue, string>();

  constructor(
    private readonly destinations: Destinations,
    private readonly outcomes: HintOutcomes,
    private readonly storeClock: StoreClock,
  ) {}

  /** No further page is looked at. */
  stop(): void {
    this.#isStopped = true;
  }

  /**
   * Moves hints that wait for another endpoint than their account has now, since its bot has another URL or the
   * account another bot. The change itself wakes them, except for a bot that takes all other accounts, and
   * while the store is away.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  async lookAtWaiting(queue: EventQueue): Promise<void> {
    let cursor = this.#lookedAt.get(queue) ?? null;
    for (let pages = 0; pages < WAITING_PAGES_MAX && !this.#isStopped; pages++) {
      const page = await queue.list(WAITING, cursor, PAGE_SIZE);
      const moved = await Promise.all(page.hints.map((hint) => this.#move(queue, hint)));
      if (moved.includes(true)) queue.added.wakeUp();
      ({ cursor } = page);
      if (cursor === null) break;
    }
    if (cursor === null) this.#lookedAt.delete(queue);
    else this.#lookedAt.set(queue, cursor);
  }

  /** @returns whether the hint waited for another endpoint. */
  async #move(queue: EventQueue, hint: HintHead): Promise<boolean> {
    const { endpoint } = this.destinations.find(hint);
    const nowMs = this.storeClock.nowMs();
    // A hint that is being tried gets the endpoint of that attempt when it ends.
    if (endpoint === null || endpoint.href === hint.endpoint || runningLease(hint, nowMs) !== null)
      return false;
    await queue.change(hint, (now) => toWaiting(now, endpoint.href, nowMs));
    return true;
  }

  /** Frees what was kept for nobody where somebody is there by now, and buries what has expired. @throws AppError `STORE_UNAVAILABLE` */
  async lookAtParked(queue: EventQueue): Promise<void> {
    for (let cursor: string | null = null; !this.#isStopped;) {
      const page = await queue.list(PARKED, cursor, PAGE_SIZE);
      await Promise.all(page.hints.map((hint) => this.#look(queue, hint)));
      ({ cursor } = page);
      if (cursor === null) return;
    }
  }

  async #look(queue: EventQueue, hint: HintHead): Promise<void> {
    const nowMs = this.storeClock.nowMs();
    const { endpoint, state } = this.destinations.find(hint);
    if (state === 'unserved') {
      // A dropped event is lost, so the store is asked and not memory alone.
      const { state: sure } = await this.destinations.confirm(hint);
      if (sure === 'unserved') await queue.change(hint, (now) => toDropped(now, hint.generation));
      return;
    }
    const isKnownPaused = hint.lastFailure?.stage === 'paused';
    if (state === 'paused' && isKnownPaused) return;
    // A paused bot may have been deleted. The hint is tried then, and its attempt finds that nobody takes it.
    const href = endpoint?.href ?? (isKnownPaused ? hint.endpoint : null);
    if (href !== null) return void (await queue.change(hint, (now) => toWaiting(now, href, nowMs)));
    if (nowMs - hint.arrivedAtMs < MESSAGE_LIFE_MS) return;
    const failure = toFailure(nowMs, 'expired', 'no bot took the account within 3 days');
    await this.outcomes.bury(queue, { ...hint, lease: null }, failure);
  }
}
