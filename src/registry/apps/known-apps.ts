import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { KnownCorps } from '../keys/known-corps.js';
import { FollowedRecords } from '../../storage/records/followed-records.js';
import { RecordStore } from '../../storage/records/records.js';
import { type App, APPS, hasSecrets, isOfFile, toFileApps } from './app.js';
import { isDescribedAlike } from './app.dto.js';
import { appsConfig } from './apps.config.js';

/** All apps, in memory: those of WECOM_APPS_FILE, and those of the store. */
@Injectable()
export class KnownApps extends FollowedRecords<App> {
  readonly #apps = new Map<string, App>();

  constructor(
    private readonly corps: KnownCorps,
    records: RecordStore,
    @Inject(appsConfig.KEY) { wecomApps }: ConfigType<typeof appsConfig>,
  ) {
    super(records.of(APPS));
    for (const app of toFileApps(wecomApps)) this.#put(app);
  }

  list(): readonly App[] {
    return [...this.#apps.values()];
  }

  find(id: string): App | null {
    return this.#apps.get(id) ?? null;
  }

  /** Call it when the app is stored. */
  added(app: App): void {
    this.wrote(app.id);
    this.#put(app);
  }

  /** Call it when the app is not stored any more. */
  removed(id: string): void {
    this.wrote(id);
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

  protected take(stored: readonly App[], isOvertaken: (id: string) => boolean): void {
    for (const app of stored) if (!isOvertaken(app.id)) this.#takeOne(app);
    const ids = new Set(stored.map(({ id }) => id));
    for (const app of this.list())
      if (!isOfFile(app) && !ids.has(app.id) && !isOvertaken(app.id)) this.#drop(app.id);
  }

  #takeOne(stored: App): void {
    const known = this.find(stored.id);
    const isSameOne = known?.createdAtMs === stored.createdAtMs;
    const verifiedAtMs = isSameOne ? later(known.verifiedAtMs, stored.verifiedAtMs) : stored.verifiedAtMs;
    const app = { ...stored, verifiedAtMs };
    if (known === null || !hasSecrets(known) || !isSameApp(known, app)) this.#put(app);
  }
}

/** Whether both apps, which have the same id, are equal in all that is not secret. */
function isSameApp(a: App, b: App): boolean {
  return a.createdAtMs === b.createdAtMs && a.verifiedAtMs === b.verifiedAtMs && isDescribedAlike(a, b);
}

/** `null` counts as earlier than any time. */
function later(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}
