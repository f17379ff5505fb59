import type { OperatorRole } from '../../kernel/role.js';

/** Who calls the operators' API. */
export interface CallingOperator {
  readonly name: string;
  readonly role: OperatorRole;
}

/** An operator with a token of its own, as far as HTTP has to know it. */
export interface NamedOperator extends CallingOperator {
  /** Names the current token. It is no secret, and changes with each new token. */
  readonly tokenId: string;
  readonly tokenHash: string;
}

export interface SessionToEnd {
  readonly id: string;
  /** `''` for a session of the shared secret. */
  readonly tokenId: string;
  /** When it would end by itself, epoch milliseconds. */
  readonly endMs: number;
}

/** The operators that were added, and the sessions that were ended, on any replica. */
export abstract class OperatorDirectory {
  abstract readonly hasAny: boolean;
  /** Whether the store was read once. Before that, an unknown token may still be an operator's. */
  abstract readonly isLoaded: boolean;
  /** Whether an unknown token may still be an operator's, because the store was not read yet. */
  abstract mayBecomeKnown(token: string): boolean;
  /** Takes the same time for every token: it looks up the hash. */
  abstract findByToken(token: string): NamedOperator | null;
  abstract findByTokenId(tokenId: string): NamedOperator | null;
  abstract isEnded(sessionId: string): boolean;
  /** Ends it here at once, and soon on every replica. */
  abstract endSession(session: SessionToEnd): void;
}

/** A caller with a secret of `AUTH_OPERATOR_TOKEN`. No named operator can have this name. */
export const SHARED_SECRET: CallingOperator = { name: 'shared secret', role: 'admin' };
/** Anybody, while no role has a secret. */
export const OPEN_MANAGER: CallingOperator = { name: 'open manager', role: 'admin' };
