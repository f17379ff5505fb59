import type { Clock } from '../../kernel/clock.js';
import { HourCounts } from '../../log/hour-counts.js';
import type { Corps } from '../../registry/accounts/corps.js';
import type { EndedCall } from './call-outcomes.js';

const HOUR_MS = 3_600_000;
const HOURS = 24;
/** A further kind replaces the one that was seen longest ago. */
const KINDS_MAX = 1_000;
/** Further kinds are counted together. Otherwise a caller could push out the failures of others by made-up APIs and accounts. */
const KINDS_PER_CORP_MAX = 100;
/** Stands for the API and the reason of kinds that are counted together. */
export const OTHER = 'other';

/** What calls of one caller, account and API have in common that failed in one way. */
interface CallKind extends Pick<EndedCall, 'operation' | 'corpId' | 'botId' | 'openKfId' | 'api'> {
  /** An errcode, the fault, or `OTHER`. */
  readonly why: string;
}

/** Calls of one kind. Plain JSON. */
export interface FailureCount extends CallKind {
  readonly count: number;
  readonly lastAtMs: number;
}

export interface FailedCall extends FailureCount {
  /** Counts of the last 24 hours, oldest first. The last hour is still running. */
  readonly hours: readonly number[];
}

interface Kind extends CallKind {
  readonly counts: HourCounts;
  lastAtMs: number;
}

/** The calls that failed within the last 24 hours, of this process and as others tell. A successful call costs nothing. */
export class FailedCalls {
  readonly #kinds = new Map<string, Kind>();
  readonly #perCorp = new Map<string | null, number>();
  /** Of this process, since others were told last. */
  readonly #news = new Map<string, FailureCount>();

  /** @param corps the known corps. Failures of other corps, which callers can make up, are counted together. */
  constructor(
    private readonly clock: Clock,
    private readonly corps: Pick<Corps, 'has'>,
  ) {}

  note(call: EndedCall): void {
    const { errcode, fault, operation, api } = call;
    if (fault === null && errcode === 0) return;
    const isKnown = call.corpId !== null && this.corps.has(call.corpId);
    const [corpId, botId, openKfId] = isKnown ? [call.corpId, call.botId, call.openKfId] : [null, null, null];
    const why = fault ?? String(errcode ?? 'unreachable');
    const lastAtMs = this.clock.nowMs();
    const noted = this.add({ operation, corpId, botId, openKfId, api, why, count: 1, lastAtMs });
    const key = callKey(noted);
    this.#news.set(key, { ...noted, count: 1 + (this.#news.get(key)?.count ?? 0), lastAtMs });
  }

  /** @param counted of an earlier version it has no `botId`. @returns the kind as which it counts. */
  add({
    count,
    lastAtMs,
    ...of
  }: Omit<FailureCount, 'botId'> & { readonly botId?: string | null }): CallKind {
    this.#forgetOld(this.clock.nowMs());
    const kind = this.#kindOf({ ...of, botId: of.botId ?? null });
    kind.counts.add(lastAtMs, count);
    kind.lastAtMs = Math.max(kind.lastAtMs, lastAtMs);
    // A Map keeps the order of insertion: the kind seen last stands last.
    const key = callKey(kind);
    this.#delete(key);
    this.#kinds.set(key, kind);
    this.#perCorp.set(kind.corpId, this.#countOf(kind.corpId) + 1);
    const [first] = this.#kinds.size > KINDS_MAX ? this.#kinds.keys() : [];
    if (first !== undefined) this.#delete(first);
    const { operation, corpId, botId, openKfId, api, why } = kind;
    return { operation, corpId, botId, openKfId, api, why };
  }

  takeNews(): readonly FailureCount[] {
    const news = [...this.#news.values()];
    this.#news.clear();
    return news;
  }

  #kindOf(of: CallKind): Kind {
    const known = this.#kinds.get(callKey(of));
    if (known !== undefined) return known;
    if (of.api !== OTHER && this.#countOf(of.corpId) >= KINDS_PER_CORP_MAX)
      return this.#kindOf({ ...of, botId: null, openKfId: null, api: OTHER, why: OTHER });
    return { ...of, lastAtMs: 0, counts: new HourCounts(HOURS) };
  }

  #countOf(corpId: string | null): number {
    return this.#perCorp.get(corpId) ?? 0;
  }

  #forgetOld(nowMs: number): void {
    for (const [key, { lastAtMs }] of this.#kinds) {
      if (isRecent(lastAtMs, nowMs)) return;
      this.#delete(key);
    }
  }

  #delete(key: string): void {
    const kind = this.#kinds.get(key);
    if (kind === undefined) return;
    this.#kinds.delete(key);
    const left = this.#countOf(kind.corpId) - 1;
    if (left > 0) this.#perCorp.set(kind.corpId, left);
    else this.#perCorp.delete(kind.corpId);
  }

  /** Ordered by the last failure, newest first. */
  list(): readonly FailedCall[] {
    const nowMs = this.clock.nowMs();
    return [...this.#kinds.values()]
      .filter(({ lastAtMs }) => isRecent(lastAtMs, nowMs))
      .reverse()
      .map(({ counts, ...kind }) => {
        const hours = counts.list(nowMs);
        return { ...kind, hours, count: hours.reduce((sum, count) => sum + count, 0) };
      })
      .sort((a, b) => b.lastAtMs - a.lastAtMs);
  }
}

/** The same for the same kind in every process. */
function callKey({ operation, corpId, botId, openKfId, api, why }: CallKind): string {
  return JSON.stringify([operation, corpId, botId, openKfId, api, why]);
}

function isRecent(atMs: number, nowMs: number): boolean {
  return Math.floor(nowMs / HOUR_MS) - Math.floor(atMs / HOUR_MS) < HOURS;
}
