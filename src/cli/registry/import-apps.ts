import { ERRORS } from '../../kernel/error-table.js';
import { type App, isDescribedAlike } from '../../registry/apps/app.js';
import { APPS_MAX, type AppRepository } from '../../registry/apps/app.repository.js';
import type { Outcome, WhatToChange } from './what-to-change.js';

/** Writes apps to the store, compared with its content at the beginning. */
export class AppImport {
  /** By id, including those that this run added. */
  readonly #known = new Map<string, App>();

  /** @throws AppError `STORE_UNAVAILABLE`, StorageStartError */
  static async open(repository: AppRepository, what: WhatToChange): Promise<AppImport> {
    return new AppImport(repository, what, await repository.load());
  }

  private constructor(
    private readonly repository: AppRepository,
    private readonly what: WhatToChange,
    stored: readonly App[],
  ) {
    for (const app of stored) this.#known.set(app.id, app);
  }

  faultOf({ id }: App): string | null {
    const isOneTooMany = !this.#known.has(id) && this.#known.size >= APPS_MAX;
    return isOneTooMany ? ERRORS.APPS_FULL.message : null;
  }

  async write(app: App): Promise<Outcome> {
    const stored = this.#known.get(app.id);
    this.#known.set(app.id, app);
    if (stored === undefined)
      return this.what.isTrial || (await this.repository.add(app)) ? 'added' : 'skipped';
    if (isDescribedAlike(app, stored)) return 'unchanged';
    if (!this.what.mayReplace) return 'skipped';
    if (!this.what.isTrial) await this.repository.replace(app);
    return 'replaced';
  }
}
