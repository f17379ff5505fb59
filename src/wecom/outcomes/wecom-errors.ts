import type { Clock } from '../../kernel/clock.js';
import { COUNTED_ERRCODES } from '../client/wecom-answer.js';

/** The operation: a request for an access token, or an API call. */
export const WECOM_OPERATIONS = ['gettoken', 'call'] as const;
export type WecomOperation = (typeof WECOM_OPERATIONS)[number];

export interface SeenError {
  readonly operation: WecomOperation;
  /** `other` for all errcodes that have no count of their own. */
  readonly errcode: string;
  readonly count: number;
  readonly lastAtMs: number;
}

const TOLD_APART = new Set(COUNTED_ERRCODES);

/** Counts the errcodes that callers were answered since the start, by WeCom or by the manager in its name. */
export class WecomErrors {
  readonly #seen = new Map<string, SeenError>();

  constructor(private readonly clock: Clock) {}

  add(operation: WecomOperation, errcode: number): void {
    const name = TOLD_APART.has(errcode) ? String(errcode) : 'other';
    const key = errorKey({ operation, errcode: name });
    const count = (this.#seen.get(key)?.count ?? 0) + 1;
    this.#seen.set(key, { operation, errcode: name, count, lastAtMs: this.clock.nowMs() });
  }

  /** The errcodes seen so far, ordered by the text `operation/errcode`. */
  list(): readonly SeenError[] {
    return inOrder(this.#seen);
  }
}

/** The same for the same error in every process. */
export function errorKey({ operation, errcode }: Pick<SeenError, 'operation' | 'errcode'>): string {
  return `${operation}/${errcode}`;
}

/** Adds up the errors of several processes. Ordered as `list` is. */
export function seenInAll(all: Iterable<SeenError>): readonly SeenError[] {
  const sums = new Map<string, SeenError>();
  for (const seen of all) {
    const key = errorKey(seen);
    const sum = sums.get(key);
    sums.set(key, {
      ...seen,
      count: seen.count + (sum?.count ?? 0),
      lastAtMs: Math.max(seen.lastAtMs, sum?.lastAtMs ?? 0),
    });
  }
  return inOrder(sums);
}

function inOrder(seen: ReadonlyMap<string, SeenError>): readonly SeenError[] {
  return [...seen].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, error]) => error);
}
