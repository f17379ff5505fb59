import { Inject, Injectable } from '@nestjs/common';
import { Clock, type Timer } from '../../kernel/clock.js';
import { LOG, type Log } from '../../kernel/log.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { Destinations } from '../../registry/destination.js';
import { Circuits } from '../line/circuit.js';
import { type HintHead, hintKey, toFailure } from '../outbox/hint.js';
import type { HintFilter } from '../outbox/outbox.js';
import { WaitingHints } from '../outbox/waiting-hints.js';
import { HintOutcomes } from './hint-outcomes.js';
import { HINT_LIFE_MS } from './retry-schedule.js';

const ROUND_MS = 20_000;
const PAGE_SIZE = 200;
const PARKED: HintFilter = { states: ['parked'], corpId: null };

/**
 * Scans the outbox regularly for hints that no due time brings up: parked hints whose puppet is known by now or that
 * have expired, and endpoints whose hints have waited since before this process knew of them.
 */
@Injectable()
export class OutboxPatrol {
  #timer: Timer | null = null;
  #isStopped = false;
  #known: ReadonlySet<string> = new Set();

  constructor(
    private readonly waiting: WaitingHints,
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
      await this.#suspectEndpoints();
      await this.#lookAtParked();
      this.waiting.kept.wakeUp();
    } catch (err) {
      this.log.debug({ err }, 'outbox.patrol_failed');
    }
    if (!this.#isStopped) this.#timer = this.clock.after(ROUND_MS, () => void this.#round());
  }

  async #suspectEndpoints(): Promise<void> {
    const endpoints = await this.waiting.kept.outbox.listEndpoints();
    for (const endpoint of endpoints) {
      if (!this.#known.has(endpoint)) this.circuits.suspect(endpoint);
      // For an endpoint that fails and whose probe was lost.
      this.circuits.inconclusive(endpoint);
    }
    this.#known = new Set(endpoints);
  }

  async #lookAtParked(): Promise<void> {
    for (let cursor: string | null = null; !this.#isStopped;) {
      const page = await this.waiting.kept.outbox.list(PARKED, cursor, PAGE_SIZE);
      await Promise.all(page.hints.map((hint) => this.#look(hint)));
      ({ cursor } = page);
      if (cursor === null) return;
    }
  }

  async #look(hint: HintHead): Promise<void> {
    const { outbox } = this.waiting.kept;
    const nowMs = this.storeClock.nowMs();
    const key = hintKey(hint);
    const { endpoint, state } = this.destinations.find(hint);
    if (state === 'unserved') {
      // It is gone then, so memory alone does not decide.
      const { state: sure } = await this.destinations.confirm(hint);
      return void (sure === 'unserved' && (await outbox.drop(key, hint.generation)));
    }
    if (endpoint !== null) return outbox.wake(key, endpoint.href, nowMs);
    if (nowMs - hint.arrivedAtMs < HINT_LIFE_MS) return;
    const failure = toFailure(nowMs, 'expired', 'no bot took the account within 3 days');
    await this.outcomes.bury(outbox, hint, { key, generation: hint.generation, leaseId: null }, failure);
  }
}
