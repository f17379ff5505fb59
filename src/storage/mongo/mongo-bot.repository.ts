import { Injectable } from '@nestjs/common';
import type { Collection } from 'mongoose';
import { Clock } from '../../kernel/clock.js';
import type { Bot } from '../../registry/bots/bot.js';
import { BotRepository, type BotWrite } from '../../registry/bots/bot.repository.js';
import { BOTS, type BotDocument, fromDocument, READABLE, toDocument } from './bot.schema.js';
import { ChangeVersion } from './change-version.js';
import { isDuplicateKey, MongoStore } from './mongo-store.js';

/** All replicas ask for changes every 2 s; the bots are read only when one was changed. */
@Injectable()
export class MongoBotRepository extends BotRepository {
  readonly #documents: Collection<BotDocument>;
  readonly #version: ChangeVersion;

  constructor(
    private readonly store: MongoStore,
    clock: Clock,
  ) {
    super();
    this.#documents = store.collection(BOTS);
    this.#version = new ChangeVersion(store, 'bots', clock);
  }

  override load(): Promise<readonly Bot[]> {
    return this.#version.load('load bots', () => this.#read());
  }

  override changes(): Promise<readonly Bot[] | null> {
    return this.#version.changes('list bots', () => this.#read());
  }

  override add(bot: Bot): Promise<'written' | 'taken'> {
    return this.#change('change bot', async () => {
      try {
        await this.#documents.insertOne(toDocument(bot));
        return 'written';
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        // An earlier try may have added it.
        const { _id, revision } = toDocument(bot);
        return (await this.#documents.countDocuments({ _id, revision })) > 0 ? 'written' : 'taken';
      }
    });
  }

  override replace(bot: Bot, revision: string): Promise<BotWrite> {
    const { _id, ...fields } = toDocument(bot);
    return this.#change('change bot', async () => {
      try {
        const filter = { _id, revision: { $in: [revision, bot.revision] } };
        const { matchedCount } = await this.#documents.replaceOne(filter, fields);
        return matchedCount > 0 ? 'written' : 'changed';
      } catch (error) {
        if (isDuplicateKey(error)) return 'taken';
        throw error;
      }
    });
  }

  override remove(id: string): Promise<boolean> {
    return this.#change('remove bot', async () => {
      const { deletedCount } = await this.#documents.deleteOne({ _id: id });
      return deletedCount > 0;
    });
  }

  async #read(): Promise<readonly Bot[]> {
    return (await this.#documents.find(READABLE).toArray()).map(fromDocument);
  }

  #change<T>(what: 'change bot' | 'remove bot', change: () => Promise<T>): Promise<T> {
    return this.store.run(what, () => this.#version.raisedBy(change), null);
  }
}
