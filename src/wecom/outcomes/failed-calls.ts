import type { Clock } from '../../kernel/clock.js';
import type { Corps } from '../../registry/accounts/corps.js';
import type { EndedCall } from './call-outcomes.js';

const HOUR_MS = 3_600_000;
export const HOURS = 24;
/** A further kind replaces the one that was seen longest ago. */
const KINDS_MAX = 1_000;
/** Further kinds are counted together. Otherwise a caller could push out the failures of others by made-up APIs and accounts. */
const KINDS_PER_CORP_MAX = 100;
/** Stands for the API and the reason of kinds that are counted together. */
export const OTHER = 'other';

/** Calls of one corp, account and API that failed in one way. */
export interface FailedCall extends Pick<EndedCall, 'operation' | 'corpId' | 'openKfId' | 'api'> {
  /** An errcode, the fault, or `OTHER`. */
  readonly why: string;
  /** The sum of `hours`. */
  readonly count: number;
  readonly lastAtMs: number;
  /** Counts of the last 24 hours, oldest first. The last hour is still running. */
  readonly hours: readonly number[];
  /** The hour of the last count, in hours since the epoch. */
  readonly hour: number;
}

/** The count of one kind. Changed in place. */
interface Kind extends Omit<FailedCall, 'count' | 'hour' | 'hours' | 'lastAtMs'> {
  readonly byHour: number[];
  lastAtMs: number;
}

/** The calls of this process that failed within the last 24 hours. A successful call costs nothing. */
export class FailedCalls {
  readonly #kinds = new Map<string, Kind>();
  readonly #perCorp = new Map<string | null, number>();

  /** @param corps the known corps. Failures of other corps, which callers can make up, are counted together. */
  constructor(
    private readonly clock: Clock,
    private readonly corps: Pick<Corps, 'has'>,
  ) {}

  note(call: EndedCall): void {
    const { errcode, fault, operation, api } = call;
    if (fault === null && errcode === 0) return;
    const isKnown = call.corpId !== null && this.corps.has(call.corpId);
    const [corpId, openKfId] = isKnown ? [call.corpId, call.openKfId] : [null, null];
    const nowMs = this.clock.nowMs();
    this.#forgetOld(nowMs);
    const why = fault ?? String(errcode ?? 'unreachable');
    const { key, kind } = this.#kindOf({ operation, corpId, openKfId, api, why }, nowMs);
    forgetBetween(kind, nowMs);
    const hour = hourOf(nowMs) % HOURS;
    kind.byHour[hour] = (kind.byHour[hour] ?? 0) + 1;
    kind.lastAtMs = nowMs;
    // A Map keeps the order of insertion: the kind seen last stands last.
    this.#delete(key);
    this.#kinds.set(key, kind);
    this.#perCorp.set(corpId, this.#countOf(corpId) + 1);
    const [first] = this.#kinds.size > KINDS_MAX ? this.#kinds.keys() : [];
    if (first !== undefined) this.#delete(first);
  }

  #kindOf(of: Omit<Kind, 'byHour' | 'lastAtMs'>, nowMs: number): { key: string; kind: Kind } {
    const key = callKey(of);
    const known = this.#kinds.get(key);
    if (known !== undefined) return { key, kind: known };
    if (of.api !== OTHER && this.#countOf(of.corpId) >= KINDS_PER_CORP_MAX)
      return this.#kindOf({ ...of, openKfId: null, api: OTHER, why: OTHER }, nowMs);
    return { key, kind: { ...of, lastAtMs: nowMs, byHour: new Array<number>(HOURS).fill(0) } };
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
    const hour = hourOf(this.clock.nowMs());
    const recent = [...this.#kinds.values()].filter(({ lastAtMs }) => hour - hourOf(lastAtMs) < HOURS);
    return recent.reverse().map(({ byHour, ...kind }) => {
      const hours = byHour.map((_, n) => {
        const at = hour - HOURS + 1 + n;
        return at > hourOf(kind.lastAtMs) ? 0 : (byHour[at % HOURS] ?? 0);
      });
      return { ...kind, hours, hour, count: totalOf(hours) };
    });
  }
}

/** Adds up the failed calls of several processes. Ordered by the last failure, newest first. */
export function addedUp(all: Iterable<FailedCall>, nowMs: number): readonly FailedCall[] {
  const hour = hourOf(nowMs);
  const sums = new Map<string, FailedCall>();
  for (const call of all) {
    const key = callKey(call);
    const sum = sums.get(key);
    // A process whose clock is ahead may be in the next hour already: its counts are taken as they are.
    const lateBy = Math.max(0, hour - call.hour);
    const hours = call.hours.map((_, n) => (call.hours[n + lateBy] ?? 0) + (sum?.hours[n] ?? 0));
    const lastAtMs = Math.max(call.lastAtMs, sum?.lastAtMs ?? 0);
    sums.set(key, { ...call, hours, hour, count: totalOf(hours), lastAtMs });
  }
  return [...sums.values()].filter(({ count }) => count > 0).sort((a, b) => b.lastAtMs - a.lastAtMs);
}

function totalOf(hours: readonly number[]): number {
  return hours.reduce((sum, count) => sum + count, 0);
}

/** The same for the same kind in every process. */
export function callKey({
  operation,
  corpId,
  openKfId,
  api,
  why,
}: Omit<Kind, 'byHour' | 'lastAtMs'>): string {
  return JSON.stringify([operation, corpId, openKfId, api, why]);
}

function isRecent(atMs: number, nowMs: number): boolean {
  return hourOf(nowMs) - hourOf(atMs) < HOURS;
}

/** Sets the hours since the last failure to 0: their places still hold the counts of the day before. */
function forgetBetween({ byHour, lastAtMs }: Kind, nowMs: number): void {
  const [last, now] = [hourOf(lastAtMs), hourOf(nowMs)];
  for (let hour = Math.max(last + 1, now - HOURS + 1); hour <= now; hour++) byHour[hour % HOURS] = 0;
}

function hourOf(atMs: number): number {
  return Math.floor(atMs / HOUR_MS);
}
