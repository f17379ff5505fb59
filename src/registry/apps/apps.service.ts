import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { WecomApp } from '../../config/wecom-apps-file.js';
import { AppError } from '../../kernel/app-error.js';
import { withinDeadline } from '../../kernel/deadline.js';
import { LOG, type Log } from '../../kernel/log.js';
import { BackgroundWork } from '../../kernel/background-work.js';
import type { Requester } from '../../kernel/role.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { KnownCorps } from '../keys/known-corps.js';
import { RegistryImage } from '../puppets/registry-image.js';
import { type KeyPair, toPairKey } from '../keys/shared-keys.js';
import { type Records, RecordStore } from '../../storage/records/records.js';
import { type App, appIdOf, appKey, APPS, APPS_MAX, isOfFile, verifiedAt } from './app.js';
import { KnownApps } from './known-apps.js';

/** How long a write may take. Long, since only an operator waits for it. */
const WRITE_LIMIT_MS = 10_000;

/** Anybody who has seen a verification can send it again and again, so not each of them is stored. */
const NOTED_EVERY_MS = 1_000;

/** The apps that operators add and delete at run time, and when WeCom verified each app. */
@Injectable()
export class AppsService implements OnApplicationShutdown {
  readonly #stored: Records<App>;
  readonly #beingNoted = new BackgroundWork();

  constructor(
    private readonly known: KnownApps,
    private readonly corps: KnownCorps,
    private readonly image: RegistryImage,
    records: RecordStore,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
  ) {
    this.#stored = records.of(APPS);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#beingNoted.whenOver();
  }

  /** All apps whose keys come after `key`, sorted by key; from memory. */
  after(key: string, limit: number): readonly App[] {
    const all = this.known.list().filter((app) => appKey(app) > key);
    return all.sort((a, b) => (appKey(a) < appKey(b) ? -1 : 1)).slice(0, limit);
  }

  /** How many registered accounts have a puppet with the app's token and key. */
  accountsOf(app: App): number {
    return this.corps.findPairOf(app)?.userCount ?? 0;
  }

  /**
   * The app's keys open callbacks from now on.
   * @throws AppError `APP_EXISTS`, `APPS_FULL`, `REGISTRY_NOT_LOADED`; `STORE_UNAVAILABLE`, and it may then have been
   *   added or not.
   */
  async add(given: WecomApp, asked: Requester): Promise<App> {
    if (!this.image.isLoaded) throw new AppError('REGISTRY_NOT_LOADED');
    const id = appIdOf(given);
    const app = { ...given, id, createdAtMs: this.storeClock.nowMs(), verifiedAtMs: null };
    const stored = this.known.list().filter((one) => !isOfFile(one));
    if (stored.some((one) => one.id === id)) throw new AppError('APP_EXISTS');
    if (stored.length >= APPS_MAX) throw new AppError('APPS_FULL');
    if ((await this.#write('add app', this.#stored.add(app))) === 'taken') throw new AppError('APP_EXISTS');
    this.known.added(app);
    this.log.info({ appId: id, corpId: app.corpId, ...asked }, 'app.added');
    return app;
  }

  /**
   * The app's keys open no callbacks any more, unless a puppet has the same keys.
   * @returns the app as it was.
   * @throws AppError `APP_NOT_FOUND`, `APP_READ_ONLY`; `STORE_UNAVAILABLE`, and it may then take effect late.
   */
  async remove(id: string, asked: Requester): Promise<App> {
    if (!this.image.isLoaded) throw new AppError('REGISTRY_NOT_LOADED');
    const app = await this.#getApp(id);
    if (isOfFile({ id })) throw new AppError('APP_READ_ONLY');
    const wasThere = await this.#write('remove app', this.#stored.remove(id));
    this.known.removed(id);
    if (!wasThere) throw new AppError('APP_NOT_FOUND');
    this.log.info({ appId: id, corpId: app.corpId, ...asked }, 'app.removed');
    return app;
  }

  /** Call it when WeCom's verification was answered with the pair. It writes in the background; a failed write is harmless. */
  noteVerified(corpId: string, pair: KeyPair): void {
    const nowMs = this.storeClock.nowMs();
    const key = toPairKey(pair);
    for (const app of this.known.list()) {
      if (app.corpId !== corpId || toPairKey(app) !== key) continue;
      if (Math.abs(nowMs - (app.verifiedAtMs ?? 0)) < NOTED_EVERY_MS) continue;
      this.known.verified(app.id, nowMs);
      if (!isOfFile(app)) this.#storeVerified(app, nowMs);
    }
  }

  #storeVerified({ id, corpId }: App, nowMs: number): void {
    const stored = this.#stored
      .change(id, (app) => app && verifiedAt(app, nowMs))
      .catch((err: unknown) => this.log.debug({ appId: id, corpId, err }, 'app.mark_failed'));
    void this.#beingNoted.add(stored);
  }

  /** Reads the store, since another replica may have added it a moment ago. */
  async #getApp(id: string): Promise<App> {
    if (this.known.find(id) === null) await this.known.read();
    const app = this.known.find(id);
    if (app === null) throw new AppError('APP_NOT_FOUND');
    return app;
  }

  /** A write that failed may have reached the store. So all apps are read again once the store answers. */
  async #write<T>(what: string, work: Promise<T>): Promise<T> {
    try {
      return await withinDeadline(WRITE_LIMIT_MS, what, work);
    } catch (error) {
      void work
        .catch(() => {})
        .then(() => this.known.load())
        .catch(() => {});
      throw error;
    }
  }
}
