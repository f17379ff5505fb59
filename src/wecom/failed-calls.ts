import type { Clock } from '../kernel/clock.js';
import type { EndedCall } from './call-outcomes.js';

const HOUR_MS = 3_600_000;
export const HOURS = 24;
/** A further one replaces the one that was not seen for the longest time: callers can make up APIs and errcodes. */
const KINDS_MAX = 1_000;

/** Calls of one corp, account and API that failed in one way. */
export interface FailedCall extends Pick<EndedCall, 'operation' | 'corpId' | 'openKfId' | 'api'> {
  /** An errcode, or the fault. */
  readonly why: string;
  /** Within the hours. */
  readonly count: number;
  readonly lastAtMs: number;
  /** How many in each of the last hours, oldest first; the last one is under way. */
  readonly hours: readonly number[];
}

/** Changed in place. */
interface Kind extends Omit<FailedCall, 'count' | 'hours' | 'lastAtMs'> {
  readonly byHour: number[];
  lastAtMs: number;
}

/** Which calls failed within the last 24 hours, as far as this process sees it. A call that goes well costs nothing. */
export class FailedCalls {
  readonly #kinds = new Map<string, Kind>();

  constructor(private readonly clock: Clock) {}

  note({ operation, corpId, openKfId, api, errcode, fault }: EndedCall): void {
    if (fault === null && errcode === 0) return;
    const why = fault ?? String(errcode ?? 'unreachable');
    const key = JSON.stringify([operation, corpId, openKfId, api, why]);
    const nowMs = this.clock.nowMs();
    const kind = this.#kinds.get(key) ?? {
      ...{ operation, corpId, openKfId, api, why, lastAtMs: nowMs },
      byHour: new Array<number>(HOURS).fill(0),
    };
    forgetBetween(kind, nowMs);
    const hour = hourOf(nowMs) % HOURS;
    kind.byHour[hour] = (kind.byHour[hour] ?? 0) + 1;
    kind.lastAtMs = nowMs;
    // Seen last, it goes last.
    this.#kinds.delete(key);
    this.#kinds.set(key, kind);
    const [first] = this.#kinds.size > KINDS_MAX ? this.#kinds.keys() : [];
    if (first !== undefined) this.#kinds.delete(first);
  }

  /** The ones seen last first. */
  list(): readonly FailedCall[] {
    const nowMs = this.clock.nowMs();
    const recent = [...this.#kinds.values()].filter(
      ({ lastAtMs }) => hourOf(nowMs) - hourOf(lastAtMs) < HOURS,
    );
    return recent.reverse().map(({ byHour, ...kind }) => {
      const hours = byHour.map((_, n) => {
        const hour = hourOf(nowMs) - HOURS + 1 + n;
        return hour > hourOf(kind.lastAtMs) ? 0 : (byHour[hour % HOURS] ?? 0);
      });
      return { ...kind, hours, count: hours.reduce((sum, count) => sum + count, 0) };
    });
  }
}

/** The places of the hours in which nothing was seen still have counts of a day before. */
function forgetBetween({ byHour, lastAtMs }: Kind, nowMs: number): void {
  const [last, now] = [hourOf(lastAtMs), hourOf(nowMs)];
  for (let hour = Math.max(last + 1, now - HOURS + 1); hour <= now; hour++) byHour[hour % HOURS] = 0;
}

function hourOf(atMs: number): number {
  return Math.floor(atMs / HOUR_MS);
}
