import { Inject, Injectable } from '@nestjs/common';
import { Clock, type Timer } from '../../kernel/clock.js';
import { LOG, type Log } from '../../kernel/log.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { Destinations } from '../../registry/accounts/destination.js';
import { Circuits } from '../endpoint/circuits.js';
import { type HintHead, toDropped, toWaiting } from '../../queue/event.js';
import type { EventQueue } from '../../queue/event-queue.js';
import { WaitingHints } from './waiting-hints.js';
import { DueMessages } from './due-messages.js';
import { HintOutcomes } from './outcomes.js';
import type { LineFilter } from '../../storage/queue/queue-store.js';
import { runningLease } from '../../storage/queue/line.js';
import { toFailure } from '../../queue/failure.js';
import { MESSAGE_LIFE_MS } from '../../queue/message.js';

const ROUND_MS = 20_000;
const PAGE_SIZE = 200;
const PARKED: LineFilter = { states: ['parked'], corpId: null };
const WAITING: LineFilter = { states: ['waiting'], corpId: null };
/** Pages of waiting hints in one round, 5,000 hints in all: a store with many more needs its time for other work. */
const WAITING_PAGES_MAX = 25;

/**
 * Scans the queue regularly for what no due time brings up: parked hints that have expired, whose puppet is known by
 * now, or whose bot is not paused any more; hints behind the circuit of an endpoint that their account has left; and
 * endpoints for which something has waited since before this process knew of them.
 */
@Injectable()
export class QueuePatrol {
  #timer: Timer | null = null;
  #isStopped = false;
  #isLookingAtMessages = false;
  #known: ReadonlySet<string> = new Set();
  /** Where the next round goes on among waiting hints; no entry: at the beginning. */
  readonly #lookedAt = new Map<EventQueue, string>();

  constructor(
    private readonly waiting: WaitingHints,
    private readonly dueMessages: DueMessages,
    private readonly destinations: Destinations,
    private readonly circuits: Circuits,
    private readonly outcomes: HintOutcomes,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  start(): void {
    void this.#round();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  async #round(): Promise<void> {
    try {
      await this.#lookAtWaiting(this.waiting.unstored);
      await this.#lookAtWaiting(this.waiting.kept);
      this.#closeCircuitsOfNobody();
      await this.#suspectEndpoints();
      await this.#lookAtParked(this.waiting.unstored);
      await this.#lookAtParked(this.waiting.kept);
      this.waiting.kept.added.wakeUp();
    } catch (err) {
      this.log.debug({ err }, 'outbox.patrol_failed');
    }
    if (this.#isStopped) return;
    this.#lookAtMessages();
    this.#timer = this.clock.after(ROUND_MS, () => void this.#round());
  }

  /** There may be very many messages, so the round does not wait until all of them were looked at. */
  #lookAtMessages(): void {
    if (this.#isLookingAtMessages) return;
    this.#isLookingAtMessages = true;
    void this.dueMessages.lookAtAll().finally(() => (this.#isLookingAtMessages = false));
  }

  /**
   * Moves hints that wait for another endpoint than their account has now, since its bot has another URL or the
   * account another bot. The change itself wakes them, except for a bot that takes all other accounts, and
   * while the store is away.
   */
  async #lookAtWaiting(queue: EventQueue): Promise<void> {
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

  /**
   * Hints may still wait for a URL that no bot has any more. They are tried, and their attempts find out
   * that no bot gets them.
   */
  #closeCircuitsOfNobody(): void {
    for (const endpoint of [...this.circuits.open]) {
      if (!this.destinations.isOfNobody(endpoint)) continue;
      this.circuits.close(endpoint);
      this.waiting.recovered(endpoint);
    }
  }

  async #suspectEndpoints(): Promise<void> {
    const all = [this.waiting.kept.lines, this.dueMessages.lines].map((lines) => lines.listEndpoints());
    const endpoints = new Set((await Promise.all(all)).flat());
    for (const endpoint of endpoints) {
      if (this.destinations.isElsewhere(endpoint)) continue;
      if (!this.#known.has(endpoint)) this.circuits.suspect(endpoint);
      // The endpoint may fail, and its probe may be lost.
      this.circuits.inconclusive(endpoint);
    }
    this.#known = endpoints;
  }

  async #lookAtParked(queue: EventQueue): Promise<void> {
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
