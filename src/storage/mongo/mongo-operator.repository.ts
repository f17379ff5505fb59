import { Injectable } from '@nestjs/common';
import type { Collection } from 'mongoose';
import { Clock } from '../../kernel/clock.js';
import type { EndedSession, Operator, OperatorToken } from '../../operators/operator.js';
import {
  ENDED_SESSIONS_MAX,
  OperatorRepository,
  type StoredOperators,
} from '../../operators/operator.repository.js';
import { ChangeVersion } from './change-version.js';
import { isDuplicateKey, MongoStore } from './mongo-store.js';
import {
  ENDED_SESSIONS,
  type EndedSessionDocument,
  fromDocument,
  type OperatorDocument,
  OPERATORS,
  READABLE,
  toDocument,
  toEndedSession,
} from './operator.schema.js';

/** All replicas ask for changes every 2 s; the operators and ended sessions are read only when there was one. */
@Injectable()
export class MongoOperatorRepository extends OperatorRepository {
  override readonly isShared = true;
  readonly #operators: Collection<OperatorDocument>;
  readonly #endedSessions: Collection<EndedSessionDocument>;
  readonly #version: ChangeVersion;

  constructor(
    private readonly store: MongoStore,
    clock: Clock,
  ) {
    super();
    this.#operators = store.collection(OPERATORS);
    this.#endedSessions = store.collection(ENDED_SESSIONS);
    this.#version = new ChangeVersion(store, 'operators', clock);
  }

  override changes(): Promise<StoredOperators | null> {
    return this.#version.changes('list operators', async () => {
      const [operators, ended] = await Promise.all([
        this.#operators.find(READABLE).toArray(),
        this.#endedSessions.find({ endsAt: { $type: 'date' }, tokenId: { $type: 'string' } }).toArray(),
      ]);
      return { operators: operators.map(fromDocument), endedSessions: ended.map(toEndedSession) };
    });
  }

  override add(operator: Operator): Promise<boolean> {
    return this.#change('change operator', async () => {
      const document = toDocument(operator);
      try {
        await this.#operators.insertOne(document);
        return true;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        // An earlier try may have added it.
        const { _id, tokenHash } = document;
        return (await this.#operators.countDocuments({ _id, tokenHash })) > 0;
      }
    });
  }

  override setToken(name: string, token: OperatorToken): Promise<boolean> {
    return this.#change('change operator', async () => {
      const { matchedCount } = await this.#operators.updateOne(
        { _id: name },
        { $set: { tokenHash: token.hash, tokenCreatedAt: new Date(token.createdAtMs) } },
      );
      return matchedCount > 0;
    });
  }

  override remove(name: string): Promise<boolean> {
    return this.#change('remove operator', async () => {
      const { deletedCount } = await this.#operators.deleteOne({ _id: name });
      return deletedCount > 0;
    });
  }

  /** MongoDB itself removes those that have ended. */
  override async endSession({ id, tokenId, endMs }: EndedSession): Promise<void> {
    const document = { tokenId, endsAt: new Date(endMs) };
    await this.#change('end session', async () => {
      await this.#endedSessions.replaceOne({ _id: id }, document, { upsert: true });
      const surplus = await this.#endedSessions
        .find({ tokenId })
        .sort({ endsAt: -1 })
        .skip(ENDED_SESSIONS_MAX)
        .toArray();
      if (surplus.length > 0)
        await this.#endedSessions.deleteMany({ _id: { $in: surplus.map(({ _id }) => _id) } });
    });
  }

  #change<T>(
    what: 'change operator' | 'remove operator' | 'end session',
    change: () => Promise<T>,
  ): Promise<T> {
    return this.store.run(what, () => this.#version.raisedBy(change), null);
  }
}
