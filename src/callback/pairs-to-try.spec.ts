import { describe, expect, it } from '@jest/globals';
import { Secret } from '../kernel/secret.js';
import type { CorpPair } from '../registry/keys/shared-keys.js';
import { pickPairs, UNTRUSTED_PAIRS_MAX } from './pairs-to-try.js';

const pairsOf = (broughtBy: string, count: number, isTrusted = false): CorpPair[] =>
  Array.from({ length: count }, () => ({
    callbackToken: new Secret('token'),
    encodingAESKey: new Secret('key'),
    isTrusted,
    broughtBy,
    id: 'id',
  }));

function picked(...pairs: readonly CorpPair[]) {
  const toTry = pickPairs(new Map(pairs.map((pair, n) => [`${n}`, pair])));
  return { pairs: [...toTry.pairs], skipped: toTry.skipped };
}

describe('the pairs to try', () => {
  it('are all where there are no more than may be tried', () => {
    const pairs = [...pairsOf('a', UNTRUSTED_PAIRS_MAX), ...pairsOf('', 100, true)];
    expect(picked(...pairs)).toEqual({ pairs, skipped: 0 });
    expect(picked()).toEqual({ pairs: [], skipped: 0 });
  });

  it('are all that are trusted, however many others there are', () => {
    const [trusted, others] = [pairsOf('b', 70, true), pairsOf('a', 100)];
    const { pairs, skipped } = picked(...others, ...trusted);
    expect(pairs.filter(({ isTrusted }) => isTrusted)).toEqual(trusted);
    expect([pairs.length, skipped]).toEqual([70 + UNTRUSTED_PAIRS_MAX, 100 - UNTRUSTED_PAIRS_MAX]);
  });

  it('are as many of each caller, and what one does not need is the others’; the oldest come first', () => {
    const [a, b, c] = [pairsOf('a', 500), pairsOf('b', 40), pairsOf('c', 1)];
    const { pairs, skipped } = picked(...a, ...b, ...c);
    expect(new Set(pairs)).toEqual(new Set([...a.slice(0, 32), ...b.slice(0, 31), ...c]));
    expect([pairs.length, skipped]).toEqual([UNTRUSTED_PAIRS_MAX, 541 - UNTRUSTED_PAIRS_MAX]);
  });
});
