import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/app-error.js';
import { Clock } from '../../kernel/clock.js';
import { LOG, type Log } from '../../kernel/log.js';
import { StorageStartError } from '../../kernel/storage-start-error.js';
import { KnownApps } from '../apps/known-apps.js';
import { KnownBots } from '../bots/known-bots.js';
import { type ChangeCursor, PuppetRepository } from '../../storage/puppets/puppet.repository.js';
import { PuppetWrites } from '../puppets/puppet-writes.js';
import { RegistryImage } from '../puppets/registry-image.js';
import { SerialRuns } from '../../kernel/serial-runs.js';

const RETRY_LOAD_MS = 1_000;
const SAY_STILL_WAITING_MS = 15_000;
const REFRESH_MS = 2_000;
/** Finds what a refresh cannot see: records that somebody deleted, and writes of a manager 1.0.3 on the same database. */
const SWEEP_MS = 60_000;
/** Accounts and corps known to be missing; forgotten at each refresh, and bounded against floods in between. */
const MISSING_MAX = 10_000;

/**
 * Keeps what is in memory equal to the store: loads puppets, apps and bots, and reads what other processes wrote every 2 s.
 */
@Injectable()
export class RegistrySync {
  readonly #missing = new Set<string>();
  #cursor: ChangeCursor | null = null;
  /** When the last read of all changes began, on the clock that never jumps. */
  #syncedAtMs = 0;
  readonly #reads = new SerialRuns(() => this.#readChanges());
  readonly #loaded = Promise.withResolvers<void>();
  readonly #triedFirst = Promise.withResolvers<void>();
  #running: Promise<void> | null = null;
  #isStopped = false;
  #endPause: () => void = () => {};
  #troubleSaidAtMs: number | null = null;

  constructor(
    private readonly image: RegistryImage,
    private readonly repository: PuppetRepository,
    private readonly apps: KnownApps,
    private readonly bots: KnownBots,
    private readonly writes: PuppetWrites,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Milliseconds since the last complete read; `null` before the image is loaded, 0 when nobody else writes. */
  get ageMs(): number | null {
    if (!this.image.isLoaded) return null;
    return this.repository.isShared ? this.clock.elapsedMs() - this.#syncedAtMs : 0;
  }

  /** Never resolves if it is stopped before. */
  whenLoaded(): Promise<void> {
    return this.#loaded.promise;
  }

  /**
   * Starts, if it has not started. Resolves when the store was read once, or could not be read and will be tried again.
   * @throws StorageStartError when what was read shows that this process cannot use the store
   */
  start(): Promise<void> {
    this.#running ??= this.#run();
    // Maybe nobody waits for it. Then the error of the run itself ends the process.
    this.#triedFirst.promise.catch(() => {});
    return this.#triedFirst.promise;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#endPause();
    await this.#running;
  }

  isKnownMissing(what: string): boolean {
    return this.#missing.has(what);
  }

  /** Whether so many names were unknown that no further one is remembered. */
  get isFlooded(): boolean {
    return this.#missing.size >= MISSING_MAX;
  }

  rememberMissing(what: string): void {
    this.#missing.add(what);
  }

  /** Applies everything that was written before the call. */
  catchUp(): Promise<void> {
    return this.#reads.run();
  }

  async #run(): Promise<void> {
    while (!this.#isStopped && !this.image.isLoaded) {
      await this.#load().catch((error) => {
        this.#triedFirst.reject(error);
        throw error;
      });
      this.#triedFirst.resolve();
      if (!this.image.isLoaded) await this.#pause(RETRY_LOAD_MS);
    }
    let sweepAtMs = this.clock.elapsedMs() + SWEEP_MS;
    while (!this.#isStopped && this.repository.isShared) {
      await this.#pause(REFRESH_MS);
      if (this.#isStopped) break;
      this.#missing.clear();
      const isSweepDue = this.clock.elapsedMs() >= sweepAtMs;
      if (isSweepDue) sweepAtMs = this.clock.elapsedMs() + SWEEP_MS;
      try {
        if (isSweepDue) await this.#sweep();
        await this.catchUp();
        this.#sayRecovered();
      } catch (err) {
        if (!this.#isStopped) this.#sayTrouble(err, 'registry.refresh_failed', REFRESH_MS);
      }
    }
  }

  async #load(): Promise<void> {
    const startedMs = this.clock.elapsedMs();
    const { order } = this.writes;
    try {
      await this.bots.load();
      await this.#readPuppets();
      for await (const puppets of this.repository.load()) this.writes.applyRead(puppets, order);
      await this.apps.load();
      this.#syncedAtMs = startedMs;
      this.image.loaded();
      this.#loaded.resolve();
      this.#sayRecovered();
      const durationMs = Math.round(this.clock.elapsedMs() - startedMs);
      this.log.info({ puppets: this.image.size, durationMs }, 'registry.loaded');
    } catch (err) {
      // It cannot recover: as an unhandled rejection it ends the process, with a line that says why.
      const cause = err instanceof AppError ? err.cause : err;
      if (cause instanceof StorageStartError) throw cause;
      this.#sayTrouble(err, 'registry.load_waiting', RETRY_LOAD_MS);
    }
  }

  async #readChanges(): Promise<void> {
    const startedMs = this.clock.elapsedMs();
    await Promise.all([this.#readPuppets(), this.apps.read(), this.bots.read()]);
    this.#syncedAtMs = startedMs;
  }

  async #readPuppets(): Promise<void> {
    let hasMore = true;
    while (hasMore) {
      const { order } = this.writes;
      const changes = await this.repository.changes(this.#cursor);
      this.writes.applyRead(changes.puppets, order);
      this.writes.applyForgotten(changes.forgotten, order);
      this.#cursor = changes.cursor;
      hasMore = changes.hasMore;
    }
  }

  async #sweep(): Promise<void> {
    const { order } = this.writes;
    const seen = new Set<string>();
    for await (const puppets of this.repository.load()) {
      for (const { openKfId } of puppets) seen.add(openKfId);
      this.writes.applyRead(puppets, order);
    }
    await this.writes.removeUnseen(seen, order);
  }

  /** Logs the trouble at its beginning and from time to time, not at every try. */
  #sayTrouble(err: unknown, line: string, retryMs: number): void {
    const nowMs = this.clock.elapsedMs();
    if (this.#troubleSaidAtMs !== null && nowMs - this.#troubleSaidAtMs < SAY_STILL_WAITING_MS) return;
    this.#troubleSaidAtMs = nowMs;
    const isForeseen = err instanceof AppError && err.code === 'STORE_UNAVAILABLE';
    this.log[isForeseen ? 'warn' : 'error']({ err, retryMs }, line);
  }

  #sayRecovered(): void {
    if (this.#troubleSaidAtMs !== null) this.log.info({}, 'registry.store_recovered');
    this.#troubleSaidAtMs = null;
  }

  /** Ends early when the process stops. */
  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.clock.after(ms, resolve);
    this.#endPause = resolve;
    await promise;
    timer.cancel();
  }
}
