import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock, type Timer } from '../kernel/clock.js';
import { LOG, type Log } from '../kernel/log.js';
import { KnownOperators } from './known-operators.js';

/** Within this time every replica knows of a removed operator, a renewed token and an ended session. */
const ROUND_MS = 2_000;
/** How long a stop waits for the store. */
const LAST_WRITE_LIMIT_MS = 2_000;

/** Keeps what is known of operators equal to the store, and goes on trying while the store is away. */
@Injectable()
export class OperatorSync implements OnApplicationBootstrap, OnApplicationShutdown {
  #first: Promise<void> | null = null;
  #isStopped = false;
  #isTroubled = false;
  #timer: Timer | null = null;

  constructor(
    private readonly known: KnownOperators,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {
    known.whenEnded(() => void this.#writeSoon());
  }

  /** Starts, if it has not started. Resolves when the store was read once, or could not be read and will be tried again. */
  start(): Promise<void> {
    this.#first ??= this.#runRound();
    return this.#first;
  }

  onApplicationBootstrap(): void {
    void this.start();
  }

  /** Tries once more, within `LAST_WRITE_LIMIT_MS`, to store what could not be stored until now. */
  async onApplicationShutdown(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    const last = this.known.write().catch((err: unknown) => this.#sayTrouble(err));
    await this.clock.within(LAST_WRITE_LIMIT_MS, last);
  }

  async #writeSoon(): Promise<void> {
    try {
      await this.known.write();
    } catch (err) {
      this.#sayTrouble(err);
      this.#again();
    }
  }

  async #runRound(): Promise<void> {
    try {
      await this.known.write();
      await this.known.read();
      this.#isTroubled = false;
      if (this.known.isShared) this.#again();
    } catch (err) {
      if (!this.#isStopped) this.#sayTrouble(err);
      this.#again();
    }
  }

  #again(): void {
    this.#timer?.cancel();
    if (!this.#isStopped) this.#timer = this.clock.after(ROUND_MS, () => void this.#runRound());
  }

  /** Warns when the trouble begins, and not at every try. */
  #sayTrouble(err: unknown): void {
    this.log[this.#isTroubled ? 'debug' : 'warn']({ err, retryMs: ROUND_MS }, 'operators.sync_failed');
    this.#isTroubled = true;
  }
}
