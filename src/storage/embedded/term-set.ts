/**
 * Which texts may be in a segment of the delivery log: a Bloom filter. None that is there is missed; one in a hundred others
 * is taken to be there too. It saves the reading of segments, and an index that would have to be written.
 */
const PROBES = 5;
/** For 25,000 texts, which is more than an open segment has. */
const BYTES = 32_768;
const BYTES_MIN = 64;
/** A set in which fewer bits are on is halved. */
const SPARSE_SHARE = 0.2;

export class TermSet {
  readonly #bits = new Uint8Array(BYTES);
  readonly #words = new Uint32Array(this.#bits.buffer);

  add(term: string): void {
    let hash = hashOf(term);
    const step = stepOf(hash);
    for (let probe = 0; probe < PROBES; probe++) {
      const bit = bitOf(hash, BYTES);
      this.#bits[bit >> 3] = (this.#bits[bit >> 3] ?? 0) | (1 << (bit & 7));
      hash = (hash + step) | 0;
    }
  }

  /** Those of another set as well. */
  addAll(other: TermSet): void {
    for (let at = 0; at < this.#words.length; at++)
      this.#words[at] = (this.#words[at] ?? 0) | (other.#words[at] ?? 0);
  }

  /** As few bytes as its terms need. */
  toBytes(): Uint8Array {
    let bits: Uint8Array = this.#bits;
    while (bits.length > BYTES_MIN && shareOn(bits) < SPARSE_SHARE) bits = halved(bits);
    return bits;
  }
}

/** @param set from `toBytes`. */
export function mayHave(set: Uint8Array, term: string): boolean {
  let hash = hashOf(term);
  const step = stepOf(hash);
  for (let probe = 0; probe < PROBES; probe++) {
    const bit = bitOf(hash, set.length);
    if (((set[bit >> 3] ?? 0) & (1 << (bit & 7))) === 0) return false;
    hash = (hash + step) | 0;
  }
  return true;
}

/** A bit's place in the half is its place in the whole without the highest digit, since lengths are powers of 2. */
function halved(bits: Uint8Array): Uint8Array {
  const middle = bits.length / 2;
  return bits.slice(0, middle).map((byte, at) => byte | (bits[middle + at] ?? 0));
}

function shareOn(bits: Uint8Array): number {
  let on = 0;
  for (let byte of bits) for (; byte !== 0; byte &= byte - 1) on++;
  return on / (bits.length * 8);
}

/** FNV-1a. */
function hashOf(term: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < term.length; at++) hash = Math.imul(hash ^ term.charCodeAt(at), 0x01000193);
  return hash ^ (hash >>> 15);
}

/**
 * A second hash, by which the probes of a term lie apart; odd, so that they do not meet again. From the high digits of a product,
 * since the low ones say no more than those by which the first probe was chosen.
 */
function stepOf(hash: number): number {
  return (Math.imul(hash, 0x85ebca6b) >>> 13) | 1;
}

/** @param bytes a power of 2. */
function bitOf(hash: number, bytes: number): number {
  return hash & (bytes * 8 - 1);
}
