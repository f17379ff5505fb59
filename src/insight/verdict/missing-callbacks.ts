/**
 * Whether WeCom's callbacks arrive, by what all replicas were told and what they found untold. Pure; times are store time.
 *
 * For bots that take messages the manager finds what no event told of: twice in a row means that callbacks are missing, once that
 * one was lost, as WeCom's documents say happens (developer.work.weixin.qq.com/document/path/90930). For other bots only a silence
 * can tell. It is compared with the same hours of the days before it, so that nights count as they are, and has to be one in which
 * so many events used to come that a quiet day does not look like it. A weekend without a single customer does.
 */
import { ARRIVAL_HOURS, type BotArrivals, type CorpArrivals } from '../../dispatch/inline/arrivals.js';

const HOUR_MS = 3_600_000;
const IN_A_ROW = 2;
/** Events that came on each day in the hours in which none comes now. A tenth of them, as on a holiday, would not be none. */
const USUAL_MIN = 100;
const DAYS_COMPARED = 3;
/** The silence is compared over its first hours. */
const HOURS_COMPARED_MAX = 24;
const DAY_HOURS = 24;

/** `untold`: customers' messages were found. `silent`: none came, where many used to come. */
export const MISSING_WHYS = ['untold', 'silent'] as const;

/** A corp whose callbacks do not arrive. */
export interface MissingCallbacks {
  readonly corpId: string;
  /** `null` where several bots or none of the manager's are concerned. */
  readonly botId: string | null;
  readonly why: (typeof MISSING_WHYS)[number];
  readonly sinceMs: number;
  /** How late messages may come; `null` where nobody looks for them. */
  readonly lateMs: number | null;
}

/**
 * @param bots that take messages still.
 * @param corps that are known still.
 * @param watchedSinceMs since when somebody would have been told.
 */
export function missingCallbacks(
  bots: readonly BotArrivals[],
  corps: readonly CorpArrivals[],
  watchedSinceMs: number,
  nowMs: number,
): readonly MissingCallbacks[] {
  const found = bots.flatMap(ofBot);
  const untold = [...Map.groupBy(found, ({ corpId }) => corpId).values()].map(together);
  const told = new Set(untold.map(({ corpId }) => corpId));
  const silent = corps.flatMap((corp) =>
    told.has(corp.corpId) ? [] : silenceOf(corp, watchedSinceMs, nowMs),
  );
  return [...untold, ...silent];
}

function ofBot({ botId, corpId, atMs: toldAtMs, untold, lateMs }: BotArrivals): MissingCallbacks[] {
  const missing = untold.filter((atMs) => atMs > toldAtMs);
  if (missing.length < IN_A_ROW) return [];
  return [{ corpId, botId, why: 'untold', sinceMs: Math.min(...missing), lateMs }];
}

/** Of a corp. */
function together(same: readonly MissingCallbacks[]): MissingCallbacks {
  const [first] = same as [MissingCallbacks];
  return {
    ...first,
    botId: same.length === 1 ? first.botId : null,
    sinceMs: Math.min(...same.map(({ sinceMs }) => sinceMs)),
    lateMs: Math.max(...same.map(({ lateMs }) => lateMs ?? 0)),
  };
}

function silenceOf(
  { corpId, atMs: lastMs, hours }: CorpArrivals,
  watchedSinceMs: number,
  nowMs: number,
): MissingCallbacks[] {
  // Where among the hours a time is; the last one is under way.
  const placeOf = (atMs: number) => ARRIVAL_HOURS - 1 - (hourOf(nowMs) - hourOf(atMs));
  const last = placeOf(lastMs);
  const first = placeOf(Math.max(lastMs, watchedSinceMs)) + 1;
  const length = Math.min(ARRIVAL_HOURS - 1 - first, HOURS_COMPARED_MAX);
  if (length < 1) return [];
  const days = Array.from({ length: ARRIVAL_HOURS / DAY_HOURS }, (_, n) => first - (n + 1) * DAY_HOURS)
    .filter((from) => from >= 0 && from + length - 1 <= last)
    .slice(0, DAYS_COMPARED);
  const isUsual = (from: number) => sumOf(hours.slice(from, from + length)) >= USUAL_MIN;
  if (days.length < DAYS_COMPARED || !days.every(isUsual)) return [];
  return [{ corpId, botId: null, why: 'silent', sinceMs: lastMs, lateMs: null }];
}

function hourOf(atMs: number): number {
  return Math.floor(atMs / HOUR_MS);
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
