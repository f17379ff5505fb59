import type { CorpPair } from '../registry/image/shared-keys.js';

/**
 * Of one corp, tried for one callback: whoever may register can add pairs without end, each of which costs a hash.
 * A corp has as many apps; those that WeCom accepted are all tried.
 */
export const UNTRUSTED_PAIRS_MAX = 64;

export interface PairsToTry {
  readonly pairs: Iterable<CorpPair>;
  readonly skipped: number;
}

/**
 * All pairs that are trusted, and as many of the others as may be tried. The places are shared out by who brought the
 * pairs, so that one caller's fill nobody else's; the oldest of each come first.
 */
export function pickPairs(pairs: ReadonlyMap<string, CorpPair>): PairsToTry {
  // Without a look at each: this is on the way of every callback.
  if (pairs.size <= UNTRUSTED_PAIRS_MAX) return { pairs: pairs.values(), skipped: 0 };
  const all = [...pairs.values()];
  const untrusted = all.filter(({ isTrusted }) => !isTrusted);
  const skipped = untrusted.length - UNTRUSTED_PAIRS_MAX;
  if (skipped <= 0) return { pairs: all, skipped: 0 };
  const picked = shareOut(untrusted);
  return { pairs: [...all.filter(({ isTrusted }) => isTrusted), ...picked], skipped };
}

/** One of each caller in turn, until there is no place left. There are more pairs than places. */
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
