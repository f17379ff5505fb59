import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/app-error.js';
import { Clock } from '../../kernel/clock.js';
import { withinDeadline } from '../../kernel/deadline.js';
import { LOG, type Log } from '../../kernel/log.js';
import { StorageStartError } from '../../kernel/storage-start-error.js';
import { KnownApps } from '../apps/known-apps.js';
import { KnownBots } from '../bots/known-bots.js';
import { AccountHistories } from '../puppets/account-history.js';
import type { Puppet } from '../puppet.js';
import { type ChangeCursor, PuppetRepository } from '../puppet.repository.js';
import { RegistryImage } from '../puppets/registry-image.js';
import { SerialRuns } from '../../kernel/serial-runs.js';

const RETRY_LOAD_MS = 1_000;
const SAY_STILL_WAITING_MS = 15_000;
const REFRESH_MS = 2_000;
/** Finds what a refresh cannot see: deletions, and writes of a manager 1.0.3 on the same database. */
const SWEEP_MS = 60_000;
/** Accounts known to be missing; forgotten at each refresh, and bounded against floods in between. */
const MISSING_MAX = 10_000;

/** One write of this process to an account that has no answer yet. */
export interface OwnWrite {
  /** Puts the outcome into the image; `null` when there is none. */
  end(puppet: Puppet | null): void;
  /** The account is no longer there. */
  endForgotten(): void;
  /** Nobody can tell whether the store has it. */
  fail(): void;
}

/** Long, since after an outage all puppets may register at once. */
const WRITE_LIMIT_MS = 10_000;

/**
 * Gives up waiting, not the write: a late one is put into the image when its outcome is known.
 * @param end what that is, where it is not the outcome's `end`.
 */
export async function inTime<T extends Puppet | null>(
  write: OwnWrite,
  work: Promise<T>,
  end: (outcome: T) => void = write.end,
): Promise<T> {
  try {
    return await withinDeadline(WRITE_LIMIT_MS, 'write', work);
  } catch (error) {
    work.then(end, write.fail);
    throw error;
  }
}

/**
 * Keeps the image equal to the store: loads it, applies this process's writes in their order, and reads those of other
 * processes every 2 s. A read never undoes an own write that began after it or has no answer yet.
 */
@Injectable()
export class RegistrySync {
  readonly #missing = new Set<string>();
  readonly #underWay = new Map<string, number>();
  /** Accounts to read once no own write of them is under way. */
  readonly #uncertain = new Set<string>();
  readonly #lastApplied = new Map<string, number>();
  #order = 0;
  #cursor: ChangeCursor | null = null;
  /** When the last read of all changes began, on the clock that never jumps. */
  #syncedAtMs = 0;
  readonly #reads = new SerialRuns(() => this.#readChanges());
  readonly #loaded = Promise.withResolvers<void>();
  #isLoaded = false;
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
    private readonly histories: AccountHistories,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  /** Milliseconds since the last complete read; `null` before the image is loaded, 0 when nobody else writes. */
  get ageMs(): number | null {
    if (!this.#isLoaded) return null;
    return this.repository.isShared ? this.clock.elapsedMs() - this.#syncedAtMs : 0;
  }

  /** Never resolves if it is stopped before. */
  whenLoaded(): Promise<void> {
    return this.#loaded.promise;
  }

  /** Rises with each own write; taken before a read, it tells which writes the read may not have seen. */
  get order(): number {
    return this.#order;
  }

  /**
   * Starts, if it has not started. Resolves when the store was read once, or could not be read and will be tried again.
   * @throws StorageStartError when what was read shows that this process cannot use the store
   */
  start(): Promise<void> {
    this.#running ??= this.#run();
    // If nobody waits for it, the run itself ends the process.
    this.#triedFirst.promise.catch(() => {});
    return this.#triedFirst.promise;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#endPause();
    await this.#running;
  }

  beginWrite(openKfId: string): OwnWrite {
    const order = ++this.#order;
    const others = this.#underWay.get(openKfId) ?? 0;
    this.#underWay.set(openKfId, others + 1);
    // A shared store may take writes that are under way together in any order.
    if (others > 0) this.#uncertain.add(openKfId);
    let hasEnded = false;
    const end = (apply: () => void): void => {
      if (hasEnded) return;
      hasEnded = true;
      const left = (this.#underWay.get(openKfId) ?? 1) - 1;
      if (left > 0) this.#underWay.set(openKfId, left);
      else this.#underWay.delete(openKfId);
      apply();
      if (left === 0 && this.#uncertain.delete(openKfId)) void this.#reread(openKfId);
    };
    const inOrder = (apply: () => void): void => {
      if ((this.#lastApplied.get(openKfId) ?? 0) > order) return;
      this.#lastApplied.set(openKfId, order);
      apply();
    };
    return {
      end: (puppet) =>
        end(() => {
          if (puppet !== null) inOrder(() => this.image.put(this.#asKnown(puppet)));
        }),
      // Remembers when it was removed, so that a read that began before does not bring it back.
      endForgotten: () => end(() => inOrder(() => this.#remove(openKfId))),
      fail: () => end(() => this.#uncertain.add(openKfId)),
    };
  }

  /** Whether a write of this process to the account has no answer yet. */
  isUnderWay(openKfId: string): boolean {
    return this.#underWay.has(openKfId);
  }

  async #reread(openKfId: string): Promise<void> {
    if (!this.repository.isShared) return;
    const order = this.#order;
    try {
      const puppet = await this.repository.find(openKfId);
      if (puppet !== null) this.applyRead([puppet], order);
      else this.#applyForgotten([openKfId], order);
    } catch (err) {
      // The sweep finds it.
      this.log.debug({ openKfId, err }, 'registry.reread_failed');
    }
  }

  /** Applies what a read found that began at `order`. */
  applyRead(puppets: readonly Puppet[], order: number): void {
    for (const puppet of puppets) {
      if (this.#isOvertaken(puppet.openKfId, order)) continue;
      this.image.put(this.#asKnown(puppet));
    }
  }

  #applyForgotten(openKfIds: readonly string[], order: number): void {
    for (const openKfId of openKfIds) if (!this.#isOvertaken(openKfId, order)) this.#remove(openKfId);
  }

  #remove(openKfId: string): void {
    if (this.image.remove(openKfId)) this.histories.forget(openKfId);
  }

  /** An endpoint that is in use already need not wait for its mark, which may have been written after this read. */
  #asKnown(puppet: Puppet): Puppet {
    if (puppet.answered) return puppet;
    const known = this.image.findPuppet(puppet.openKfId);
    const isInUse = known?.online === true && known.answered && known.endpoint === puppet.endpoint;
    return isInUse ? { ...puppet, answered: true } : puppet;
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
    while (!this.#isStopped && !this.#isLoaded) {
      await this.#load().catch((error) => {
        this.#triedFirst.reject(error);
        throw error;
      });
      this.#triedFirst.resolve();
      if (!this.#isLoaded) await this.#pause(RETRY_LOAD_MS);
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
    const order = this.#order;
    try {
      await this.bots.load();
      await this.#readPuppets();
      for await (const puppets of this.repository.load()) this.applyRead(puppets, order);
      await this.apps.load();
      this.#syncedAtMs = startedMs;
      this.#isLoaded = true;
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
      const order = this.#order;
      const changes = await this.repository.changes(this.#cursor);
      this.applyRead(changes.puppets, order);
      this.#applyForgotten(changes.forgotten, order);
      this.#cursor = changes.cursor;
      hasMore = changes.hasMore;
    }
  }

  async #sweep(): Promise<void> {
    const order = this.#order;
    const seen = new Set<string>();
    for await (const puppets of this.repository.load()) {
      for (const { openKfId } of puppets) seen.add(openKfId);
      this.applyRead(puppets, order);
    }
    for (const openKfId of [...this.image.openKfIds()]) {
      if (seen.has(openKfId) || this.#isOvertaken(openKfId, order)) continue;
      // It may have been written during the sweep: only reading that record tells.
      const puppet = await this.repository.find(openKfId);
      if (puppet !== null || this.#isOvertaken(openKfId, order)) continue;
      this.#remove(openKfId);
      this.#lastApplied.delete(openKfId);
    }
  }

  #isOvertaken(openKfId: string, order: number): boolean {
    return this.#underWay.has(openKfId) || (this.#lastApplied.get(openKfId) ?? 0) > order;
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
