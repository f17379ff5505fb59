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
import { isDuplicateKey, META, type MetaDocument, MongoStore } from './mongo-store.js';

/** The id of the document whose version rises with each change of an app. */
const CHANGES = 'apps';
/** For what that does not tell: a process died before it did, or a person wrote. */
const LISTED_ANEW_MS = 60_000;

interface Read {
  readonly version: number;
  /** When it began, on the clock that never jumps. */
  readonly atMs: number;
  readonly apps: readonly ListedApp[];
}

/**
 * All replicas list the apps every 2 s, and also for callbacks that no known key opens, which anybody can send.
 * So the last list is reused until an app has changed. The version rises when a change is complete; until then
 * another replica gets the list from before, as if it had asked a moment earlier.
 */
@Injectable()
export class MongoAppRepository extends AppRepository {
  readonly #documents: Collection<AppDocument>;
  readonly #meta: Collection<MetaDocument>;
  #listed: Read | null = null;

  constructor(
    private readonly store: MongoStore,
    private readonly clock: Clock,
  ) {
    super();
    this.#documents = store.collection(APPS);
    this.#meta = store.collection(META);
  }

  override async load(): Promise<readonly App[]> {
    const read = () => this.#documents.find(READABLE).toArray();
    return (await this.store.run('load apps', read)).map(fromDocument);
  }

  override list(): Promise<readonly ListedApp[]> {
    return this.store.run('list apps', async () => {
      const atMs = this.clock.elapsedMs();
      const { version = 0 } = (await this.#meta.findOne({ _id: CHANGES })) ?? {};
      if (this.#listed?.version !== version || atMs - this.#listed.atMs >= LISTED_ANEW_MS)
        this.#listed = { version, atMs, apps: await this.#list() };
      return this.#listed.apps;
    });
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

  /** Told also where nothing was changed: an earlier try may have changed it, and not come as far as that. */
  #change<T>(what: 'change app' | 'remove app', change: () => Promise<T>): Promise<T> {
    const changeAndTell = async (): Promise<T> => {
      const outcome = await change();
      await this.#tell();
      return outcome;
    };
    return this.store.run(what, changeAndTell, null);
  }

  /** Two that make the document at the same time are both told by the second try. */
  async #tell(): Promise<void> {
    const tell = () => this.#meta.updateOne({ _id: CHANGES }, { $inc: { version: 1 } }, { upsert: true });
    await tell().catch((error: unknown) => {
      if (!isDuplicateKey(error)) throw error;
      return tell();
    });
  }
}
