import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { KnownCorps } from '../keys/known-corps.js';
import { SerialRuns } from '../../kernel/serial-runs.js';
import { type Records, RecordStore } from '../../storage/records.js';
import { type App, APPS, hasSecrets, isOfFile, isSameApp, toFileApps } from './app.js';
import { appsConfig } from './apps.config.js';

/**
 * All apps, in memory: those of WECOM_APPS_FILE, and those of the store. A read brings in what all processes wrote, and never
 * undoes an own write that ended after the read began.
 */
@Injectable()
export class KnownApps {
  readonly #apps = new Map<string, App>();
  readonly #stored: Records<App>;
  readonly #reads = new SerialRuns(() => this.#read());
  /** Rises with each own write. */
  #order = 0;
  /** The order of the latest own write of each app that a read may not have seen. */
  readonly #writtenAt = new Map<string, number>();

  constructor(
    private readonly corps: KnownCorps,
    records: RecordStore,
    @Inject(appsConfig.KEY) { wecomApps }: ConfigType<typeof appsConfig>,
  ) {
    this.#stored = records.of(APPS);
    for (const app of toFileApps(wecomApps)) this.#put(app);
  }

  list(): readonly App[] {
    return [...this.#apps.values()];
  }

  find(id: string): App | null {
    return this.#apps.get(id) ?? null;
  }

  /** Call it at the start, and after a write whose outcome is not known. @throws AppError `STORE_UNAVAILABLE`, StorageStartError */
  async load(): Promise<void> {
    const order = this.#order;
    this.#takeAll(await this.#stored.load(), order);
  }

  /** Brings in everything that was written before the call. @throws AppError `STORE_UNAVAILABLE` */
  read(): Promise<void> {
    return this.#reads.run();
  }

  /** Call it when the app is stored. */
  added(app: App): void {
    this.#wrote(app.id);
    this.#put(app);
  }

  /** Call it when the app is not stored any more. */
  removed(id: string): void {
    this.#wrote(id);
    this.#drop(id);
  }

  /** In memory only, whether or not it is stored. */
  verified(id: string, atMs: number): void {
    const app = this.find(id);
    if (app !== null) this.#put({ ...app, verifiedAtMs: later(app.verifiedAtMs, atMs) });
  }

  #put(app: App): void {
    this.#apps.set(app.id, app);
    this.corps.putApp(app);
  }

  #drop(id: string): void {
    this.#apps.delete(id);
    this.corps.removeApp(id);
  }

  #wrote(id: string): void {
    this.#writtenAt.set(id, ++this.#order);
  }

  async #read(): Promise<void> {
    const order = this.#order;
    const stored = await this.#stored.changes();
    if (stored !== null) this.#takeAll(stored, order);
  }

  #takeAll(stored: readonly App[], order: number): void {
    for (const app of stored) if (!this.#isOvertaken(app.id, order)) this.#take(app);
    this.#dropOthers(new Set(stored.map(({ id }) => id)), order);
    for (const [id, at] of this.#writtenAt) if (at <= order) this.#writtenAt.delete(id);
  }

  #isOvertaken(id: string, order: number): boolean {
    return (this.#writtenAt.get(id) ?? 0) > order;
  }

  #take(stored: App): void {
    const known = this.find(stored.id);
    const isSameOne = known?.createdAtMs === stored.createdAtMs;
    const verifiedAtMs = isSameOne ? later(known.verifiedAtMs, stored.verifiedAtMs) : stored.verifiedAtMs;
    const app = { ...stored, verifiedAtMs };
    if (known === null || !hasSecrets(known) || !isSameApp(known, app)) this.#put(app);
  }

  #dropOthers(stored: ReadonlySet<string>, order: number): void {
    for (const app of this.list()) {
      if (isOfFile(app) || stored.has(app.id) || this.#isOvertaken(app.id, order)) continue;
      this.#drop(app.id);
    }
  }
}

/** `null` counts as earlier than any time. */
function later(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}
