import { Injectable } from '@nestjs/common';
import type { Database } from 'lmdb';
import type { EndedSession, Operator, OperatorToken } from '../../operators/operator.js';
import {
  ENDED_SESSIONS_MAX,
  OperatorRepository,
  type StoredOperators,
} from '../../operators/operator.repository.js';
import { EmbeddedStore } from './embedded-store.js';

@Injectable()
export class EmbeddedOperatorRepository extends OperatorRepository {
  override readonly isShared = false;
  readonly #operators: Database<Operator, string>;
  readonly #endedSessions: Database<EndedSession, string>;
  #hasChanged = true;

  constructor(private readonly store: EmbeddedStore) {
    super();
    this.#operators = store.database<Operator>('operators');
    this.#endedSessions = store.database<EndedSession>('endedSessions');
  }

  override async changes(): Promise<StoredOperators | null> {
    if (!this.#hasChanged) return null;
    this.store.requireOpen();
    const stored = {
      operators: [...this.store.readAll(this.#operators)].map(({ value }) => value),
      endedSessions: this.#listEnded(),
    };
    this.#hasChanged = false;
    return stored;
  }

  override add(operator: Operator): Promise<boolean> {
    return this.#change(operator.name, (before) =>
      before === undefined || before.token.hash === operator.token.hash ? operator : null,
    );
  }

  override setToken(name: string, token: OperatorToken): Promise<boolean> {
    return this.#change(name, (before) => (before === undefined ? null : { ...before, token }));
  }

  override async remove(name: string): Promise<boolean> {
    let wasThere = false;
    await this.#write('remove operator', () => {
      wasThere = this.#operators.doesExist(name);
      if (wasThere) this.#operators.remove(name);
    });
    return wasThere;
  }

  override endSession(session: EndedSession, nowMs: number): Promise<void> {
    return this.#write('end session', () => {
      const ended = this.#listEnded();
      const over = ended.filter(({ endMs }) => endMs <= nowMs);
      const ofToken = ended
        .filter(({ id, tokenId, endMs }) => tokenId === session.tokenId && endMs > nowMs && id !== session.id)
        .sort((a, b) => b.endMs - a.endMs);
      for (const { id } of [...over, ...ofToken.slice(ENDED_SESSIONS_MAX - 1)])
        this.#endedSessions.remove(id);
      this.#endedSessions.put(session.id, session);
    });
  }

  #listEnded(): EndedSession[] {
    return [...this.store.readAll(this.#endedSessions)].map(({ value }) => value);
  }

  /** @param change gives `null` to leave everything as it is. @returns whether it did not. */
  async #change(name: string, change: (before: Operator | undefined) => Operator | null): Promise<boolean> {
    let isChanged = false;
    await this.#write('change operator', () => {
      const after = change(this.#operators.get(name));
      isChanged = after !== null;
      if (after !== null) this.#operators.put(name, after);
    });
    return isChanged;
  }

  /** Durable when it resolves. */
  async #write(
    what: 'change operator' | 'remove operator' | 'end session',
    write: () => void,
  ): Promise<void> {
    // Also where it fails: it may have been written all the same.
    this.#hasChanged = true;
    await this.store.durably(what, () =>
      this.#operators.transaction(() => {
        write();
        return true;
      }),
    );
    this.#hasChanged = true;
  }
}
