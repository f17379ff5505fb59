import type { CorpPair } from '../registry/keys/shared-keys.js';

/**
 * How many untrusted pairs of a corp are tried for one callback. Every caller that may register can add any number of
 * pairs, and each pair costs a hash. No corp has this many apps. Pairs that WeCom accepted are always tried.
 */
export const UNTRUSTED_PAIRS_MAX = 64;

export interface PairsToTry {
  readonly pairs: Iterable<CorpPair>;
  readonly skipped: number;
}

/**
 * All trusted pairs, and as many untrusted ones as may be tried. Places are shared among the callers that
 * registered the pairs, so one caller cannot fill them all; each caller's oldest pairs come first.
 */
export function pickPairs(pairs: ReadonlyMap<string, CorpPair>): PairsToTry {
  // Does not look at each pair: every callback takes this path.
  if (pairs.size <= UNTRUSTED_PAIRS_MAX) return { pairs: pairs.values(), skipped: 0 };
  const all = [...pairs.values()];
  const untrusted = all.filter(({ isTrusted }) => !isTrusted);
  const skipped = untrusted.length - UNTRUSTED_PAIRS_MAX;
  if (skipped <= 0) return { pairs: all, skipped: 0 };
  const picked = shareOut(untrusted);
  return { pairs: [...all.filter(({ isTrusted }) => isTrusted), ...picked], skipped };
}

/** Takes one pair of each caller in turn until no place is left. There are more pairs than places. */
function shareOut(untrusted: readonly CorpPair[]): CorpPair[] {
  const byCaller = Map.groupBy(untrusted, ({ broughtBy }) => broughtBy);
  const picked: CorpPair[] = [];
  for (let turn = 0; picked.length < UNTRUSTED_PAIRS_MAX; turn++) {
    for (const ofCaller of byCaller.values()) {
      const pair = ofCaller[turn];
      if (pair !== undefined && picked.length < UNTRUSTED_PAIRS_MAX) picked.push(pair);
    }
  }
  return picked;
}
