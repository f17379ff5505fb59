import type { App, ListedApp } from './app.js';

/** So many are kept, which is many more than an operator adds by hand: each replica looks all through every 2 s. */
export const APPS_MAX = 1_000;

/**
 * The apps that were added, durably. A read rejects with AppError `STORE_UNAVAILABLE` when the store does not
 * answer in time. A write settles when its outcome is known, which may be late; where it rejects, it may have
 * happened or not, and each can be repeated.
 */
export abstract class AppRepository {
  /** All, in no order. @throws StorageStartError the first time, where their secrets cannot be read. */
  abstract load(): Promise<readonly App[]>;

  /** The same without their secrets: cheap enough to see by it what other processes changed. */
  abstract list(): Promise<readonly ListedApp[]>;

  /** @returns false when an app with this id is there already, and nothing was changed. */
  abstract add(app: App): Promise<boolean>;

  /** Puts the app in the place of the one with its id, if there is one. */
  abstract replace(app: App): Promise<void>;

  /** @returns false when there was none. */
  abstract remove(id: string): Promise<boolean>;

  /** Notes a verification at `nowMs`, if none was later. Does nothing where the app is not there. */
  abstract markVerified(id: string, nowMs: number): Promise<void>;
}
