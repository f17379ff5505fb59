import { Injectable } from '@nestjs/common';
import type { Collection } from 'mongoose';
import { Clock } from '../../kernel/clock.js';
import type { App, ListedApp } from '../../registry/apps/app.js';
import { AppRepository } from '../../registry/apps/app.repository.js';
import {
  APPS,
  type AppDocument,
  fromDocument,
  type Listed,
  READABLE,
  toDocument,
  toListed,
} from './app.schema.js';
import { ChangeVersion } from './change-version.js';
import { isDuplicateKey, MongoStore } from './mongo-store.js';

/**
 * All replicas list the apps every 2 s, and also for callbacks that no known key opens, which anybody can send.
 * So the last list is reused until an app has changed. The version rises when a change is complete; until then
 * another replica gets the list from before, as if it had asked a moment earlier.
 */
@Injectable()
export class MongoAppRepository extends AppRepository {
  readonly #documents: Collection<AppDocument>;
  readonly #version: ChangeVersion;
  #listed: readonly ListedApp[] = [];

  constructor(
    private readonly store: MongoStore,
    clock: Clock,
  ) {
    super();
    this.#documents = store.collection(APPS);
    this.#version = new ChangeVersion(store, 'apps', clock);
  }

  override async load(): Promise<readonly App[]> {
    const read = () => this.#documents.find(READABLE).toArray();
    return (await this.store.run('load apps', read)).map(fromDocument);
  }

  override async list(): Promise<readonly ListedApp[]> {
    this.#listed = (await this.#version.changes('list apps', () => this.#list())) ?? this.#listed;
    return this.#listed;
  }

  override add(app: App): Promise<boolean> {
    return this.#change('change app', async () => {
      try {
        await this.#documents.insertOne(toDocument(app));
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    });
  }

  override async replace(app: App): Promise<void> {
    const { _id, ...fields } = toDocument(app);
    await this.#change('change app', () => this.#documents.replaceOne({ _id }, fields, { upsert: true }));
  }

  override async remove(id: string): Promise<boolean> {
    const { deletedCount } = await this.#change('remove app', () => this.#documents.deleteOne({ _id: id }));
    return deletedCount > 0;
  }

  override async markVerified(id: string, nowMs: number): Promise<void> {
    const update = { $max: { verifiedAt: new Date(nowMs) } };
    await this.#change('change app', () => this.#documents.updateOne({ _id: id }, update));
  }

  async #list(): Promise<readonly ListedApp[]> {
    const projection = { token: 0, encodingAESKey: 0 };
    return (await this.#documents.find<Listed>(READABLE, { projection }).toArray()).map(toListed);
  }

  #change<T>(what: 'change app' | 'remove app', change: () => Promise<T>): Promise<T> {
    return this.store.run(what, () => this.#version.raisedBy(change), null);
  }
}
