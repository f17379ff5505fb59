import type { App, ListedApp } from './app.js';

/** Far more than an operator adds by hand, and few enough for each replica to list all of them every 2 s. */
export const APPS_MAX = 1_000;

/**
 * Durable store of the apps that operators added. A read rejects with AppError `STORE_UNAVAILABLE` when the store does
 * not answer in time. A write settles once its outcome is known, which may take longer. A rejected write may have
 * happened; every write is safe to repeat.
 */
export abstract class AppRepository {
  /** All apps, in no order. @throws StorageStartError on the first call, when their secrets cannot be opened. */
  abstract load(): Promise<readonly App[]>;

  /** All apps without their secrets: cheap enough to poll for other processes' changes. */
  abstract list(): Promise<readonly ListedApp[]>;

  /** @returns false when an app with this id exists already; nothing was changed. */
  abstract add(app: App): Promise<boolean>;

  /** Replaces the app with the same id, if there is one. */
  abstract replace(app: App): Promise<void>;

  /** @returns false when there was none. */
  abstract remove(id: string): Promise<boolean>;

  /** Stores that WeCom verified the app's URL at `nowMs`, unless a later time is stored. Ignores an unknown app. */
  abstract markVerified(id: string, nowMs: number): Promise<void>;
}
