import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { registryConfig } from '../registry.config.js';
import { RegistryImage } from '../image/registry-image.js';
import { SerialRuns } from '../../kernel/serial-runs.js';
import { type App, hasSecrets, isOfFile, isSameApp, type ListedApp, toFileApps } from './app.js';
import { AppRepository } from './app.repository.js';

/**
 * The apps in the registry's image: those of WECOM_APPS_FILE, and those of the store. A read brings in what all
 * processes wrote, and never undoes an own write that ended after the read began.
 */
@Injectable()
export class KnownApps {
  readonly #reads = new SerialRuns(() => this.#read());
  /** Rises with each own write. */
  #order = 0;
  /** The order of the latest own write of each app that a read may not have seen. */
  readonly #writtenAt = new Map<string, number>();

  constructor(
    private readonly image: RegistryImage,
    private readonly repository: AppRepository,
    @Inject(registryConfig.KEY) { wecomApps }: Pick<ConfigType<typeof registryConfig>, 'wecomApps'>,
  ) {
    for (const app of toFileApps(wecomApps)) image.putApp(app);
  }

  list(): readonly App[] {
    return this.image.listApps();
  }

  find(id: string): App | null {
    return this.image.findApp(id);
  }

  /** Call it at the start. @throws AppError `STORE_UNAVAILABLE`, StorageStartError */
  async load(): Promise<void> {
    for (const app of await this.repository.load()) this.#take(app);
  }

  /** Brings in everything that was written before the call. @throws AppError `STORE_UNAVAILABLE` */
  read(): Promise<void> {
    return this.#reads.run();
  }

  /** Call it when the app is stored. */
  added(app: App): void {
    this.#wrote(app.id);
    this.image.putApp(app);
  }

  /** Call it when the app is not stored any more. */
  removed(id: string): void {
    this.#wrote(id);
    this.image.removeApp(id);
  }

  /** In memory only, whether or not it is stored. */
  verified(id: string, atMs: number): void {
    const app = this.find(id);
    if (app !== null) this.image.putApp({ ...app, verifiedAtMs: later(app.verifiedAtMs, atMs) });
  }

  #wrote(id: string): void {
    this.#writtenAt.set(id, ++this.#order);
  }

  async #read(): Promise<void> {
    const order = this.#order;
    const listed = await this.repository.list();
    const isKnown = listed.every(({ id }) => hasSecrets(this.find(id)));
    const stored = isKnown ? listed : await this.repository.load();
    for (const app of stored) if (!this.#isOvertaken(app.id, order)) this.#take(app);
    this.#dropOthers(new Set(stored.map(({ id }) => id)), order);
    for (const [id, at] of this.#writtenAt) if (at <= order) this.#writtenAt.delete(id);
  }

  #isOvertaken(id: string, order: number): boolean {
    return (this.#writtenAt.get(id) ?? 0) > order;
  }

  /** The known app with its secrets, for one that was listed without them. */
  #take(stored: App | ListedApp): void {
    const known = this.find(stored.id);
    const before = 'callbackToken' in stored ? stored : known;
    if (before === null) return;
    const isSameOne = known?.createdAtMs === stored.createdAtMs;
    const verifiedAtMs = isSameOne ? later(known.verifiedAtMs, stored.verifiedAtMs) : stored.verifiedAtMs;
    const app = { ...before, ...stored, verifiedAtMs };
    if (known === null || !hasSecrets(known) || !isSameApp(known, app)) this.image.putApp(app);
  }

  #dropOthers(stored: ReadonlySet<string>, order: number): void {
    for (const app of this.list()) {
      if (isOfFile(app) || stored.has(app.id) || this.#isOvertaken(app.id, order)) continue;
      this.image.removeApp(app.id);
    }
  }
}

/** `null` counts as earlier than any time. */
function later(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}
