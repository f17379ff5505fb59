import { Injectable } from '@nestjs/common';
import type { Database } from 'lmdb';
import { Secret } from '../../kernel/secret.js';
import type { App, ListedApp } from '../../registry/apps/app.js';
import { AppRepository } from '../../registry/apps/app.repository.js';
import { EmbeddedStore } from './embedded-store.js';

/** An app as LMDB keeps it: the same fields, its secrets as texts. */
export type StoredApp = ListedApp & { readonly callbackToken: string; readonly encodingAESKey: string };

@Injectable()
export class EmbeddedAppRepository extends AppRepository {
  readonly #apps: Database<StoredApp, string>;

  constructor(private readonly store: EmbeddedStore) {
    super();
    this.#apps = store.database<StoredApp>('apps');
  }

  override async load(): Promise<readonly App[]> {
    this.store.requireOpen();
    return [...this.store.readAll(this.#apps)].map(({ value }) => fromStored(value));
  }

  override async list(): Promise<readonly ListedApp[]> {
    const apps = await this.load();
    return apps.map(({ callbackToken: _token, encodingAESKey: _key, ...listed }) => listed);
  }

  override add(app: App): Promise<boolean> {
    return this.#change(app.id, (before) => (before === null ? app : null));
  }

  override async replace(app: App): Promise<void> {
    await this.#change(app.id, () => app);
  }

  override async remove(id: string): Promise<boolean> {
    let wasThere = false;
    await this.store.durably('remove app', () =>
      this.#apps.transaction(() => {
        wasThere = this.#apps.doesExist(id);
        if (wasThere) this.#apps.remove(id);
        return true;
      }),
    );
    return wasThere;
  }

  override async markVerified(id: string, nowMs: number): Promise<void> {
    await this.#change(id, (app) =>
      app === null || (app.verifiedAtMs ?? 0) >= nowMs ? null : { ...app, verifiedAtMs: nowMs },
    );
  }

  /** Durable when it resolves. @param change gives `null` to leave everything as it is. @returns whether it did not. */
  async #change(id: string, change: (before: App | null) => App | null): Promise<boolean> {
    let isChanged = false;
    await this.store.durably('change app', () =>
      this.#apps.transaction(() => {
        const before = this.#apps.get(id);
        const after = change(before === undefined ? null : fromStored(before));
        isChanged = after !== null;
        if (after !== null) this.#apps.put(id, toStored(after));
        return true;
      }),
    );
    return isChanged;
  }
}

function toStored({ callbackToken, encodingAESKey, ...same }: App): StoredApp {
  return { ...same, callbackToken: callbackToken.reveal(), encodingAESKey: encodingAESKey.reveal() };
}

export function fromStored({ callbackToken, encodingAESKey, ...same }: StoredApp): App {
  return {
    ...same,
    callbackToken: new Secret(callbackToken),
    encodingAESKey: new Secret(encodingAESKey),
  };
}
