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
  readonly #endedSessions: Database<number, string>;
  #hasChanged = true;

  constructor(private readonly store: EmbeddedStore) {
    super();
    this.#operators = store.database<Operator>('operators');
    this.#endedSessions = store.database<number>('endedSessions');
  }

  override async changes(): Promise<StoredOperators | null> {
    if (!this.#hasChanged) return null;
    this.store.requireOpen();
    this.#hasChanged = false;
    return {
      operators: [...this.store.readAll(this.#operators)].map(({ value }) => value),
      endedSessions: this.#listEnded(),
    };
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

  override endSession({ id, endMs }: EndedSession, nowMs: number): Promise<void> {
    return this.#write('end session', () => {
      const kept = this.#listEnded().filter((one) => one.endMs > nowMs && one.id !== id);
      const surplus = Math.max(0, kept.length + 1 - ENDED_SESSIONS_MAX);
      const first = kept.toSorted((a, b) => a.endMs - b.endMs).slice(0, surplus);
      const known = new Set(kept.map((one) => one.id));
      for (const one of first) known.delete(one.id);
      for (const { key } of [...this.#endedSessions.getRange()])
        if (!known.has(key)) this.#endedSessions.remove(key);
      this.#endedSessions.put(id, endMs);
    });
  }

  #listEnded(): EndedSession[] {
    return [...this.store.readAll(this.#endedSessions)].map(({ key, value }) => ({ id: key, endMs: value }));
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
