import type { EndedSession, Operator, OperatorToken } from '../../src/operators/operator.js';
import {
  ENDED_SESSIONS_MAX,
  OperatorRepository,
  type StoredOperators,
} from '../../src/operators/operator.repository.js';

/** One database; several repositories on it stand for several replicas. */
export class OperatorTable extends Map<string, Operator> {
  readonly endedSessions = new Map<string, EndedSession>();
  version = 0;
}

export class MemoryOperatorRepository extends OperatorRepository {
  override readonly isShared = true;
  #seen = -1;

  constructor(private readonly table: OperatorTable = new OperatorTable()) {
    super();
  }

  override async changes(): Promise<StoredOperators | null> {
    if (this.#seen === this.table.version) return null;
    this.#seen = this.table.version;
    return {
      operators: [...this.table.values()].map((operator) => ({ ...operator })),
      endedSessions: [...this.table.endedSessions.values()],
    };
  }

  override async add(operator: Operator): Promise<boolean> {
    const before = this.table.get(operator.name);
    if (before !== undefined && before.token.hash !== operator.token.hash) return false;
    this.#set(operator);
    return true;
  }

  override async setToken(name: string, token: OperatorToken): Promise<boolean> {
    const before = this.table.get(name);
    if (before !== undefined) this.#set({ ...before, token });
    return before !== undefined;
  }

  override async remove(name: string): Promise<boolean> {
    this.table.version++;
    return this.table.delete(name);
  }

  override async endSession(session: EndedSession, nowMs: number): Promise<void> {
    this.table.version++;
    const { endedSessions } = this.table;
    for (const { id, endMs } of endedSessions.values()) if (endMs <= nowMs) endedSessions.delete(id);
    endedSessions.set(session.id, session);
    const ofToken = [...endedSessions.values()].filter(({ tokenId }) => tokenId === session.tokenId);
    for (const { id } of ofToken.toSorted((a, b) => b.endMs - a.endMs).slice(ENDED_SESSIONS_MAX))
      endedSessions.delete(id);
  }

  #set(operator: Operator): void {
    this.table.version++;
    this.table.set(operator.name, operator);
  }
}
