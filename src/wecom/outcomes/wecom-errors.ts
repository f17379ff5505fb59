import type { Clock } from '../../kernel/clock.js';
import { COUNTED_ERRCODES } from '../client/wecom-answer.js';

/** The operation: a request for an access token, or an API call. */
export const WECOM_OPERATIONS = ['gettoken', 'call'] as const;
export type WecomOperation = (typeof WECOM_OPERATIONS)[number];

/** Plain JSON. */
export interface ErrorCount {
  readonly operation: WecomOperation;
  /** `other` for all errcodes that have no count of their own. */
  readonly errcode: string;
  readonly count: number;
  readonly lastAtMs: number;
}

const TOLD_APART = new Set(COUNTED_ERRCODES);

/** Counts the errcodes that callers were answered, by WeCom or by a manager in its name: by this process, and as others tell. */
export class WecomErrors {
  readonly #all = new Map<string, ErrorCount>();
  /** Of this process, since others were told last. */
  readonly #news = new Map<string, ErrorCount>();

  constructor(private readonly clock: Clock) {}

  add(operation: WecomOperation, errcode: number): void {
    const name = TOLD_APART.has(errcode) ? String(errcode) : 'other';
    const added = { operation, errcode: name, count: 1, lastAtMs: this.clock.nowMs() };
    addTo(this.#all, added);
    addTo(this.#news, added);
  }

  addOfOther(counted: ErrorCount): void {
    addTo(this.#all, counted);
  }

  takeNews(): readonly ErrorCount[] {
    const news = [...this.#news.values()];
    this.#news.clear();
    return news;
  }

  /** Ordered by the text `operation/errcode`. */
  list(): readonly ErrorCount[] {
    return [...this.#all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, error]) => error);
  }
}

export function errorKey({ operation, errcode }: Pick<ErrorCount, 'operation' | 'errcode'>): string {
  return `${operation}/${errcode}`;
}

function addTo(all: Map<string, ErrorCount>, added: ErrorCount): void {
  const key = errorKey(added);
  const known = all.get(key);
  const count = added.count + (known?.count ?? 0);
  all.set(key, { ...added, count, lastAtMs: Math.max(added.lastAtMs, known?.lastAtMs ?? 0) });
}
