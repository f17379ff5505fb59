import type { Clock, Timer } from '../kernel/clock.js';
import type { Log } from '../kernel/log.js';
import type { StoreClock } from '../kernel/store-clock.js';
import type { RegistryService } from '../registry/registry.service.js';
import type { Circuits } from './circuit.js';
import { type Hint, hintKey } from './hint.js';
import { toFailure } from './hint-sender.js';
import type { Outbox } from './outbox.js';
import type { PuppetClient } from './puppet-client.js';
import { HINT_LIFE_MS } from './retry-schedule.js';

const ROUND_MS = 20_000;
const PAGE_SIZE = 200;

/**
 * Looks through the outbox once in a while for what no due time brings up: parked hints whose puppet is known
 * by now or whose time is over, and origins that hints wait for and that nobody probes, since another process left them behind.
 */
export class OutboxPatrol {
  #timer: Timer | null = null;
  #isStopped = false;

  constructor(
    private readonly outbox: Outbox,
    private readonly registry: RegistryService,
    private readonly client: PuppetClient,
    private readonly circuits: Circuits,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
    private readonly log: Log,
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
      await this.#suspectOrigins();
      await this.#lookAtParked();
      onWoken();
    } catch (err) {
      this.log.debug({ err }, 'outbox.patrol_failed');
    }
    if (!this.#isStopped) this.#timer = this.clock.after(ROUND_MS, () => void this.#round(onWoken));
  }

  async #suspectOrigins(): Promise<void> {
    for (const origin of await this.outbox.listOrigins()) this.circuits.suspect(origin);
  }

  async #lookAtParked(): Promise<void> {
    for (let cursor: string | null = null; !this.#isStopped; ) {
      const page = await this.outbox.listByState('parked', cursor, PAGE_SIZE);
      await Promise.all(page.hints.map((hint) => this.#look(hint)));
      ({ cursor } = page);
      if (cursor === null) return;
    }
  }

  async #look(hint: Hint): Promise<void> {
    const nowMs = this.storeClock.nowMs();
    const key = hintKey(hint);
    const puppet = this.registry.findPuppet(hint.openKfId);
    const origin = puppet?.corpId === hint.corpId ? this.client.originOf(puppet) : null;
    if (origin !== null) return this.outbox.wake(key, origin, nowMs);
    if (nowMs - hint.arrivedAtMs < HINT_LIFE_MS) return;
    const failure = toFailure(nowMs, 'expired', 'no puppet registered for the account within 3 days');
    await this.outbox.bury({ key, generation: hint.generation, leaseId: null }, failure, nowMs);
  }
}
