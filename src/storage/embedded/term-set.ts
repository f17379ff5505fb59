/**
 * Which texts may be in a group of records, in 12 bits for each: a Bloom filter. None that is there is missed; one in some
 * hundred others is taken to be there too. It saves the reading of groups, and an index that would have to be written.
 */
const BITS_PER_TERM = 12;
const PROBES = 6;
const BYTES_MIN = 8;

export function toTermSet(terms: ReadonlySet<string>): Uint8Array {
  const set = new Uint8Array(Math.max(BYTES_MIN, Math.ceil((terms.size * BITS_PER_TERM) / 8)));
  for (const term of terms) {
    for (const bit of bitsOf(term, set.length * 8)) set[bit >> 3] = (set[bit >> 3] ?? 0) | (1 << (bit & 7));
  }
  return set;
}

export function mayHave(set: Uint8Array, term: string): boolean {
  for (const bit of bitsOf(term, set.length * 8)) {
    if (((set[bit >> 3] ?? 0) & (1 << (bit & 7))) === 0) return false;
  }
  return true;
}

/** FNV-1a, and from there on in steps of a second hash. */
function bitsOf(term: string, size: number): number[] {
  let hash = 0x811c9dc5;
  for (let at = 0; at < term.length; at++) hash = Math.imul(hash ^ term.charCodeAt(at), 0x01000193);
  const step = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) | 1;
  const bits: number[] = [];
  for (let probe = 0; probe < PROBES; probe++) {
    hash = (hash + step) | 0;
    bits.push((hash ^ (hash >>> 13)) >>> 0);
  }
  return bits.map((bit) => bit % size);
}
