import { Injectable } from '@nestjs/common';
import type { Collection } from 'mongoose';
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
import { isDuplicateKey, MongoStore } from './mongo-store.js';

@Injectable()
export class MongoAppRepository extends AppRepository {
  readonly #documents: Collection<AppDocument>;

  constructor(private readonly store: MongoStore) {
    super();
    this.#documents = store.collection(APPS);
  }

  override async load(): Promise<readonly App[]> {
    const read = () => this.#documents.find(READABLE).toArray();
    return (await this.store.run('load apps', read)).map(fromDocument);
  }

  override async list(): Promise<readonly ListedApp[]> {
    const projection = { token: 0, encodingAESKey: 0 };
    const read = () => this.#documents.find<Listed>(READABLE, { projection }).toArray();
    return (await this.store.run('list apps', read)).map(toListed);
  }

  override async add(app: App): Promise<boolean> {
    const insert = async (): Promise<boolean> => {
      try {
        await this.#documents.insertOne(toDocument(app));
        return true;
      } catch (error) {
        if (isDuplicateKey(error)) return false;
        throw error;
      }
    };
    return this.store.run('change app', insert, null);
  }

  override async replace(app: App): Promise<void> {
    const { _id, ...fields } = toDocument(app);
    const replace = () => this.#documents.replaceOne({ _id }, fields, { upsert: true });
    await this.store.run('change app', replace, null);
  }

  override async remove(id: string): Promise<boolean> {
    const remove = () => this.#documents.deleteOne({ _id: id });
    const { deletedCount } = await this.store.run('remove app', remove, null);
    return deletedCount > 0;
  }

  override async markVerified(id: string, nowMs: number): Promise<void> {
    const update = { $max: { verifiedAt: new Date(nowMs) } };
    await this.store.run('change app', () => this.#documents.updateOne({ _id: id }, update));
  }
}
