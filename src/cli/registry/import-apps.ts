import { ERRORS } from '../../kernel/error-table.js';
import { type App, APPS, APPS_MAX } from '../../registry/apps/app.js';
import { isDescribedAlike } from '../../registry/apps/app.dto.js';
import type { Records, RecordStore } from '../../storage/records/records.js';
import type { ImportOutcome, WhatToChange } from './what-to-change.js';

/** Writes apps to the store, compared with its content at the beginning. */
export class AppImport {
  /** By id, including those that this run added. */
  readonly #known = new Map<string, App>();

  /** @throws AppError `STORE_UNAVAILABLE`, StorageStartError */
  static async open(records: RecordStore, what: WhatToChange): Promise<AppImport> {
    const apps = records.of(APPS);
    return new AppImport(apps, what, await apps.load());
  }

  private constructor(
    private readonly apps: Records<App>,
    private readonly what: WhatToChange,
    stored: readonly App[],
  ) {
    for (const app of stored) this.#known.set(app.id, app);
  }

  faultOf({ id }: App): string | null {
    const isOneTooMany = !this.#known.has(id) && this.#known.size >= APPS_MAX;
    return isOneTooMany ? ERRORS.APPS_FULL.message : null;
  }

  async write(app: App): Promise<ImportOutcome> {
    const stored = this.#known.get(app.id);
    this.#known.set(app.id, app);
    if (stored === undefined)
      return this.what.isTrial || (await this.apps.add(app)) === 'written' ? 'added' : 'skipped';
    if (isDescribedAlike(app, stored)) return 'unchanged';
    if (!this.what.mayReplace) return 'skipped';
    if (!this.what.isTrial) await this.apps.change(app.id, () => app);
    return 'replaced';
  }
}
