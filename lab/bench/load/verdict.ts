/** Turns rounds into verdicts: whether a figure or a ratio is what the product promises. */
import type { MeasuredKey } from './programs.js';
import type { Round } from './round.js';

export type Rounds = ReadonlyMap<MeasuredKey, readonly Round[]>;

/** What the product promises of its deliveries; `lab/bench/README.md` says why these two. */
export const TARGETS = [
  { against: 'a', atLeast: 0.6 },
  { against: 'b', atLeast: 4 },
  { against: 'before', atLeast: 0.95 },
] as const;
/** Of the callbacks of puppets: what it costs to seal each for its bot. */
export const BOTS_RATIO_MIN = 0.8;
/** Kept durably per second on one core, while every puppet is down. */
export const KEPT_PER_S_MIN = 5_000;
/** The same, beside an earlier build. */
export const KEPT_RATIO_MIN = 0.95;
/** Cached access tokens given per second on one core. */
export const TOKENS_PER_S_MIN = 10_000;
/** Small API calls, beside the hand-written relay. */
export const PROXY_RATIO_MIN = 0.5;
/** Three consoles beside none, where as of an earlier build this much is no slower. */
export const CONSOLES_RATIO_MIN = 0.95;
/** Callbacks and events kept with the delivery log beside those without it, and the other way round for p99. */
export const LOG_RATIO_MIN = 0.95;
/** By how much 200 slow API calls may raise the p99 of callbacks. */
export const SLOWED_MS_MAX = 20;

export type Verdict = {
  readonly name: string;
  /** By what was counted per second. */
  readonly byRate: number;
  /** By what was counted per second of the server's CPU time; `null` without /proc. */
  readonly byCpu: number | null;
  /** The one of the two that decides. */
  readonly decides: number;
  readonly atLeast: number;
};

type Pair = { readonly own: Round; readonly other: Round };

/** Below this share of its core a server was held up by something else, and its rate says little. */
export const OWN_CORE_SHARE = 0.85;
const FREE_ROUNDS_MIN = 3;

export function deliveryVerdicts(rounds: Rounds): Verdict[] {
  const ours = rounds.get('ours');
  return [
    ...TARGETS.flatMap(({ against, atLeast }) =>
      ratioVerdicts(`ours / (${against})`, ours, rounds.get(against), atLeast),
    ),
    ...ratioVerdicts('callback bots / ours', rounds.get('bots'), ours, BOTS_RATIO_MIN),
  ];
}

/**
 * A ratio is taken within each round, where both ran side by side, and the median of those counts. Rounds in
 * which either server did not have its core are left out; with too few others CPU time decides, because one
 * program that met a busy neighbour and one that did not are no comparison.
 * @returns one; none when one of the two was not measured.
 */
export function ratioVerdicts(
  name: string,
  own: readonly Round[] = [],
  other: readonly Round[] = [],
  atLeast = 1,
): Verdict[] {
  const pairs = other.flatMap((theirs, index) => {
    const ours = own[index];
    return ours ? [{ own: ours, other: theirs }] : [];
  });
  if (pairs.length === 0) return [];
  const free = pairs.filter((pair) => hadItsCore(pair.own) && hadItsCore(pair.other));
  const isFree = free.length >= FREE_ROUNDS_MIN;
  const byRate = rateRatio(isFree ? free : pairs);
  const byCpu = cpuRatio(pairs);
  return [{ name, byRate, byCpu, decides: isFree ? byRate : (byCpu ?? byRate), atLeast }];
}

/** By the same rules, for a figure that is compared with no other program's. */
export function figureVerdict(name: string, rounds: readonly Round[], atLeast: number): Verdict {
  const free = rounds.filter(hadItsCore);
  const isFree = free.length >= FREE_ROUNDS_MIN;
  const byRate = median((isFree ? free : rounds).map(({ perS }) => perS));
  const perCpuSecond = rounds.flatMap(({ serverCpuMsPer1000: cpuMs }) => (cpuMs ? [1_000_000 / cpuMs] : []));
  const byCpu = perCpuSecond.length > 0 ? median(perCpuSecond) : null;
  return { name, byRate, byCpu, decides: isFree ? byRate : (byCpu ?? byRate), atLeast };
}

/** What is left of the time by which others may be slowed; by medians, since a busy neighbour is no slow call. */
export function isolationVerdict(alone: readonly Round[] = [], beside: readonly Round[] = []): Verdict {
  const p99Ms = (rounds: readonly Round[]) => median(rounds.map((round) => round.p99Ms));
  const leftMs = SLOWED_MS_MAX - (p99Ms(beside) - p99Ms(alone));
  return { name: 'p99 with slow calls', byRate: leftMs, byCpu: null, decides: leftMs, atLeast: 0 };
}

export function isMissed({ decides, atLeast }: Verdict): boolean {
  return !(decides >= atLeast);
}

export function hadItsCore({ serverShare, offeredPerS }: Round): boolean {
  return serverShare === null || offeredPerS !== undefined || serverShare >= OWN_CORE_SHARE;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

function rateRatio(pairs: readonly Pair[]): number {
  return median(pairs.map(({ own, other }) => own.perS / other.perS));
}

function cpuRatio(pairs: readonly Pair[]): number | null {
  const ratios = pairs.flatMap(({ own, other }) =>
    own.serverCpuMsPer1000 && other.serverCpuMsPer1000
      ? [other.serverCpuMsPer1000 / own.serverCpuMsPer1000]
      : [],
  );
  return ratios.length > 0 ? median(ratios) : null;
}
