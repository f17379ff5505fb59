import type { App, ListedApp } from '../../src/registry/apps/app.js';
import { AppRepository } from '../../src/registry/apps/app.repository.js';

/** One database; several repositories on it stand for several replicas. */
export type AppTable = Map<string, App>;

export class MemoryAppRepository extends AppRepository {
  constructor(private readonly table: AppTable = new Map()) {
    super();
  }

  /** Every reader gets objects of its own, as from a store that parses. */
  override async load(): Promise<readonly App[]> {
    return [...this.table.values()].map((app) => ({ ...app }));
  }

  override async list(): Promise<readonly ListedApp[]> {
    return [...this.table.values()].map(
      ({ callbackToken: _token, encodingAESKey: _key, ...listed }) => listed,
    );
  }

  override async add(app: App): Promise<boolean> {
    if (this.table.has(app.id)) return false;
    this.table.set(app.id, app);
    return true;
  }

  override async replace(app: App): Promise<void> {
    this.table.set(app.id, app);
  }

  override async remove(id: string): Promise<boolean> {
    return this.table.delete(id);
  }

  override async markVerified(id: string, nowMs: number): Promise<void> {
    const app = this.table.get(id);
    if (app === undefined || (app.verifiedAtMs ?? 0) >= nowMs) return;
    this.table.set(id, { ...app, verifiedAtMs: nowMs });
  }
}
