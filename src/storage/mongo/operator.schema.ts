import type { EndedSession, Operator } from '../../operators/operator.js';

/** Written by the driver itself, as hints are: see `hint.schema.ts`. Found by `_id` alone, which needs no index of ours. */
export const OPERATORS = 'wxkfoperators';
export const ENDED_SESSIONS = 'wxkfendedsessions';

export interface OperatorDocument {
  /** The operator's name. */
  readonly _id: string;
  readonly role: Operator['role'];
  readonly createdAt: Date;
  readonly tokenHash: string;
  readonly tokenCreatedAt: Date;
}

export interface EndedSessionDocument {
  /** The session's id. */
  readonly _id: string;
  /** Of the token that it was opened with; `''` for the shared secret. */
  readonly tokenId: string;
  /** When MongoDB removes it. */
  readonly endsAt: Date;
}

/** Documents that are operators. A script may have put something else there, which may do nothing. */
export const READABLE = {
  role: { $in: ['reader', 'admin'] },
  createdAt: { $type: 'date' },
  tokenHash: { $type: 'string' },
  tokenCreatedAt: { $type: 'date' },
} as const;

export function toDocument({ name, role, createdAtMs, token }: Operator): OperatorDocument {
  return {
    _id: name,
    role,
    createdAt: new Date(createdAtMs),
    tokenHash: token.hash,
    tokenCreatedAt: new Date(token.createdAtMs),
  };
}

export function fromDocument(document: OperatorDocument): Operator {
  const { _id, role, createdAt, tokenHash, tokenCreatedAt } = document;
  return {
    name: String(_id),
    role,
    createdAtMs: createdAt.getTime(),
    token: { hash: tokenHash, createdAtMs: tokenCreatedAt.getTime() },
  };
}

export function toEndedSession({ _id, tokenId, endsAt }: EndedSessionDocument): EndedSession {
  return { id: _id, tokenId, endMs: endsAt.getTime() };
}
