import type { EndedSession, Operator, OperatorToken } from './operator.js';

/** Far more than a company has, and few enough for each replica to keep all of them in memory. */
export const OPERATORS_MAX = 1_000;
/**
 * Of one token, or of the shared secret, whose holders can end more than this within 12 hours; then those of that token are
 * forgotten that end first by themselves, and of no other token.
 */
export const ENDED_SESSIONS_MAX = 100;

export interface StoredOperators {
  readonly operators: readonly Operator[];
  readonly endedSessions: readonly EndedSession[];
}

/**
 * Durable store of the operators, and of the sessions that were ended before their time. A read rejects with AppError
 * `STORE_UNAVAILABLE` when the store does not answer in time. A rejected write may have happened; every write is safe to
 * repeat.
 */
export abstract class OperatorRepository {
  /** Whether other processes may write to the same store. */
  abstract readonly isShared: boolean;

  /** Everything, in no order; `null` when no process has changed anything since the last call on this object. */
  abstract changes(): Promise<StoredOperators | null>;

  /** @returns false when another operator has the name; nothing was changed. */
  abstract add(operator: Operator): Promise<boolean>;

  /** The token before it ends. @returns false when there is no such operator. */
  abstract setToken(name: string, token: OperatorToken): Promise<boolean>;

  /** @returns false when there was none. */
  abstract remove(name: string): Promise<boolean>;

  /** Forgets besides those that have ended by themselves by `nowMs`. */
  abstract endSession(session: EndedSession, nowMs: number): Promise<void>;
}
