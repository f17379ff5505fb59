import type { Clock, Timer } from '../kernel/clock.js';
import type { Log } from '../kernel/log.js';
import type { StoreClock } from '../kernel/store-clock.js';
import type { RegistryService } from '../registry/registry.service.js';
import type { Circuits } from './circuit.js';
import type { DispatchMetrics } from './dispatch-metrics.js';
import { type HintHead, hintKey } from './hint.js';
import type { HintLog } from './hint-log.js';
import { toFailure } from './hint-sender.js';
import type { HintFilter, Outbox } from './outbox.js';
import type { PuppetClient } from './puppet-client.js';
import { HINT_LIFE_MS } from './retry-schedule.js';

const ROUND_MS = 20_000;
const PAGE_SIZE = 200;
const PARKED: HintFilter = { states: ['parked'], corpId: null };

/**
 * Looks through the outbox once in a while for what no due time brings up: parked hints whose puppet is known
 * by now or whose time is over, and endpoints that hints wait for since before this process knew of them.
 */
export class OutboxPatrol {
  #timer: Timer | null = null;
  #isStopped = false;
  #known: ReadonlySet<string> = new Set();

  constructor(
    private readonly outbox: Outbox,
    private readonly registry: RegistryService,
    private readonly client: PuppetClient,
    private readonly circuits: Circuits,
    private readonly metrics: DispatchMetrics,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
    private readonly log: Log,
    private readonly hintLog: HintLog,
  ) {}

  /** @param onWoken is called when something has become due. */
  start(onWoken: () => void): void {
    void this.#round(onWoken);
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  async #round(onWoken: () => void): Promise<void> {
    try {
      await this.#suspectEndpoints();
      await this.#lookAtParked();
      onWoken();
    } catch (err) {
      this.log.debug({ err }, 'outbox.patrol_failed');
    }
    if (!this.#isStopped) this.#timer = this.clock.after(ROUND_MS, () => void this.#round(onWoken));
  }

  async #suspectEndpoints(): Promise<void> {
    const endpoints = await this.outbox.listEndpoints();
    for (const endpoint of endpoints) {
      if (!this.#known.has(endpoint)) this.circuits.suspect(endpoint);
      // Where it fails and its probe was lost.
      this.circuits.inconclusive(endpoint);
    }
    this.#known = new Set(endpoints);
  }

  async #lookAtParked(): Promise<void> {
    for (let cursor: string | null = null; !this.#isStopped;) {
      const page = await this.outbox.list(PARKED, cursor, PAGE_SIZE);
      await Promise.all(page.hints.map((hint) => this.#look(hint)));
      ({ cursor } = page);
      if (cursor === null) return;
    }
  }

  async #look(hint: HintHead): Promise<void> {
    const nowMs = this.storeClock.nowMs();
    const key = hintKey(hint);
    const puppet = this.registry.findPuppet(hint.openKfId);
    const endpoint = puppet?.corpId === hint.corpId ? this.client.endpointOf(puppet) : null;
    if (endpoint !== null) return this.outbox.wake(key, endpoint, nowMs);
    if (nowMs - hint.arrivedAtMs < HINT_LIFE_MS) return;
    const failure = toFailure(nowMs, 'expired', 'no puppet registered for the account within 3 days');
    const held = { key, generation: hint.generation, leaseId: null };
    if (!(await this.outbox.bury(held, failure, nowMs))) return;
    this.metrics.hintBuried(failure.stage);
    this.hintLog.buried(hint, failure.stage, failure.reason, nowMs);
  }
}
