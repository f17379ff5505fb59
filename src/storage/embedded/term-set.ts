/**
 * Which texts may be in a group of records, in 12 bits for each: a Bloom filter. None that is there is missed; one in some
 * hundred others is taken to be there too. It saves the reading of groups, and an index that would have to be written.
 */
const BITS_PER_TERM = 12;
const PROBES = 6;
const BYTES_MIN = 8;

export function toTermSet(terms: ReadonlySet<string>): Uint8Array {
  const set = new Uint8Array(Math.max(BYTES_MIN, Math.ceil((terms.size * BITS_PER_TERM) / 8)));
  const size = set.length * 8;
  for (const term of terms) {
    let hash = hashOf(term);
    const step = stepOf(hash);
    for (let probe = 0; probe < PROBES; probe++) {
      hash = (hash + step) | 0;
      const bit = bitOf(hash, size);
      set[bit >> 3] = (set[bit >> 3] ?? 0) | (1 << (bit & 7));
    }
  }
  return set;
}

export function mayHave(set: Uint8Array, term: string): boolean {
  const size = set.length * 8;
  let hash = hashOf(term);
  const step = stepOf(hash);
  for (let probe = 0; probe < PROBES; probe++) {
    hash = (hash + step) | 0;
    const bit = bitOf(hash, size);
    if (((set[bit >> 3] ?? 0) & (1 << (bit & 7))) === 0) return false;
  }
  return true;
}

/** FNV-1a. */
function hashOf(term: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < term.length; at++) hash = Math.imul(hash ^ term.charCodeAt(at), 0x01000193);
  return hash;
}

/** A second hash, by which the probes of a term lie apart. */
function stepOf(hash: number): number {
  return Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) | 1;
}

function bitOf(hash: number, size: number): number {
  return ((hash ^ (hash >>> 13)) >>> 0) % size;
}
