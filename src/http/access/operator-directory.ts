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
export interface OperatorDirectory {
  readonly hasAny: boolean;
  /** Whether the store was read once; before that nobody is known to be no operator. */
  readonly isLoaded: boolean;
  /** Whether it may be the token of an operator although it is not known: until the store was read once. */
  mayBecomeKnown(token: string): boolean;
  /** Takes the same time for every token: it looks up the hash. */
  findByToken(token: string): NamedOperator | null;
  findByTokenId(tokenId: string): NamedOperator | null;
  isEnded(sessionId: string): boolean;
  /** Here at once, and soon on every replica. */
  endSession(session: SessionToEnd): void;
}

const NOBODY: OperatorDirectory = {
  hasAny: false,
  isLoaded: true,
  mayBecomeKnown: () => false,
  findByToken: () => null,
  findByTokenId: () => null,
  isEnded: () => false,
  endSession: () => {},
};

/** Whoever has a secret of `AUTH_OPERATOR_TOKEN`. No named operator can have such a name. */
export const SHARED_SECRET: CallingOperator = { name: 'shared secret', role: 'admin' };
/** Anybody, while no role has a secret. */
export const OPEN_MANAGER: CallingOperator = { name: 'open manager', role: 'admin' };

/** Finds whose token a caller sent. The operators are known once the application is made, which is after the HTTP server. */
export class OperatorKeys {
  #known: OperatorDirectory = NOBODY;

  use(known: OperatorDirectory): void {
    this.#known = known;
  }

  get known(): OperatorDirectory {
    return this.#known;
  }
}
