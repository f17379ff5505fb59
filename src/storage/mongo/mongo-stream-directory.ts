import { Injectable } from '@nestjs/common';
import type { Collection } from 'mongoose';
import { Secret } from '../../kernel/secret.js';
import type { BotConnection } from '../../registry/bots/connected-bots.js';
import {
  type SeenReplica,
  StreamDirectory,
  type StreamReplica,
} from '../../stream/replicas/stream-directory.js';
import { isDuplicateKey, MongoStore } from './mongo-store.js';
import { type ConnectionDocument, CONNECTIONS, type ReplicaDocument, REPLICAS } from './stream.schema.js';

/** How long what a dead replica has left is kept: it may only have been cut off from the database. */
const LEFT_MS = 60_000;

@Injectable()
export class MongoStreamDirectory extends StreamDirectory {
  override readonly isShared = true;
  readonly #replicas: Collection<ReplicaDocument>;
  readonly #connections: Collection<ConnectionDocument>;

  constructor(private readonly store: MongoStore) {
    super();
    this.#replicas = store.collection(REPLICAS);
    this.#connections = store.collection(CONNECTIONS);
  }

  override hold({ id, url, key }: StreamReplica, untilMs: number): Promise<boolean> {
    return this.store.run('hold replica', async () => {
      const fields = { url, key: key.reveal(), until: new Date(untilMs) };
      const { matchedCount } = await this.#replicas.updateOne(
        { _id: id },
        { $set: fields, $setOnInsert: { revision: 0 } },
        { upsert: true },
      );
      return matchedCount > 0;
    });
  }

  override change(
    replicaId: string,
    added: readonly BotConnection[],
    removed: readonly string[],
  ): Promise<number | null> {
    return this.store.run('change connections', async () => {
      if (added.length > 0) await this.#add(added.map(toDocument));
      if (removed.length > 0) await this.#connections.deleteMany({ _id: { $in: [...removed] } });
      const after = await this.#replicas.findOneAndUpdate(
        { _id: replicaId },
        { $inc: { revision: 1 } },
        { returnDocument: 'after', projection: { revision: 1 } },
      );
      return after?.revision ?? null;
    });
  }

  override read(known: ReadonlyMap<string, number>, nowMs: number): Promise<readonly SeenReplica[]> {
    return this.store.run('list replicas', async () => {
      const all = await this.#replicas.find({}).toArray();
      const left = all.filter(({ until }) => until.getTime() + LEFT_MS < nowMs);
      for (const { _id } of left) await this.#forget(_id);
      const live = all.filter(({ until }) => until.getTime() > nowMs);
      return Promise.all(live.map((replica) => this.#see(replica, known)));
    });
  }

  override leave(replicaId: string): Promise<void> {
    return this.store.run('leave replica', () => this.#forget(replicaId));
  }

  async #see(
    { _id: id, url, key, revision }: ReplicaDocument,
    known: ReadonlyMap<string, number>,
  ): Promise<SeenReplica> {
    const isKnown = known.get(id) === revision;
    const connections = isKnown
      ? null
      : (await this.#connections.find({ replicaId: id }).toArray()).map(fromDocument);
    return { id, url, key: new Secret(key), revision, connections };
  }

  /** Some may be there from an earlier try. */
  async #add(documents: readonly ConnectionDocument[]): Promise<void> {
    try {
      await this.#connections.insertMany([...documents], { ordered: false });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }

  async #forget(replicaId: string): Promise<void> {
    await this.#connections.deleteMany({ replicaId });
    await this.#replicas.deleteOne({ _id: replicaId });
  }
}

function toDocument({ id, ...same }: BotConnection): ConnectionDocument {
  return { _id: id, ...same };
}

function fromDocument({ _id: id, ...same }: ConnectionDocument): BotConnection {
  return { id, ...same };
}
