import type { OperatorRole } from '../../kernel/role.js';

/** Who calls the operators' API. */
export interface CallingOperator {
  readonly name: string;
  readonly role: OperatorRole;
}

/** An operator with a token of its own, as far as HTTP has to know it. */
export interface NamedOperator extends CallingOperator {
  /** What tells its token from those before it, and is no secret. */
  readonly tokenId: string;
  readonly tokenHash: string;
}

export interface SessionToEnd {
  readonly id: string;
  /** `''` for one of the shared secret. */
  readonly tokenId: string;
  /** When it would end by itself, epoch milliseconds. */
  readonly endMs: number;
}

/** The operators that were added, and the sessions that were ended, on any replica. */
export abstract class OperatorDirectory {
  abstract readonly hasAny: boolean;
  /** Whether the store was read once; before that nobody is known to be no operator. */
  abstract readonly isLoaded: boolean;
  /** Whether it may be the token of an operator although it is not known: until the store was read once. */
  abstract mayBecomeKnown(token: string): boolean;
  /** Takes the same time for every token: it looks up the hash. */
  abstract findByToken(token: string): NamedOperator | null;
  abstract findByTokenId(tokenId: string): NamedOperator | null;
  abstract isEnded(sessionId: string): boolean;
  /** Here at once, and soon on every replica. */
  abstract endSession(session: SessionToEnd): void;
}

/** Whoever has a secret of `AUTH_OPERATOR_TOKEN`. No named operator can have such a name. */
export const SHARED_SECRET: CallingOperator = { name: 'shared secret', role: 'admin' };
/** Anybody, while no role has a secret. */
export const OPEN_MANAGER: CallingOperator = { name: 'open manager', role: 'admin' };
