import SortedTree from 'sorted-btree';
import { DueQueues } from './due-queues.js';
import { claimableAtMs, type HintHead, type HintState, hintKey } from './hint.js';

// The package is CommonJS and has no named exports.
const { default: BTree } = SortedTree;

type Keys = InstanceType<typeof BTree<string, null>>;

/** The queue of hints for which no puppet was ever known; no endpoint equals it. */
const NO_ENDPOINT = '';

/** The heads of all hints of one process, found by key, due time and endpoint. Holds no event. */
export class HintTable {
  readonly #heads = new Map<string, HintHead>();
  readonly #due = new DueQueues();
  /** How many hints have waited since each time. Unordered, since each put would pay for the order. */
  readonly #since: Readonly<Record<'waiting' | 'parked', Map<number, number>>> = {
    waiting: new Map(),
    parked: new Map(),
  };
  readonly #byEndpoint = new Map<string, Set<string>>();
  readonly #unregistered = new Map<string, number>();
  /** Keys, sorted. */
  readonly #byState: Readonly<Record<HintState, Keys>> = {
    waiting: new BTree<string, null>(undefined, byText),
    parked: new BTree<string, null>(undefined, byText),
    dead: new BTree<string, null>(undefined, byText),
  };

  get(key: string): HintHead | null {
    return this.#heads.get(key) ?? null;
  }

  set(head: HintHead): void {
    const key = hintKey(head);
    const before = this.#remove(key);
    if (before?.state !== head.state) {
      if (before !== null) this.#byState[before.state].delete(key);
      this.#byState[head.state].set(key, null);
    }
    this.#heads.set(key, head);
    this.#countUnregistered(head, 1);
    this.#countSince(head, 1);
    const atMs = claimableAtMs(head);
    if (atMs !== null) this.#due.add(head.endpoint ?? NO_ENDPOINT, [atMs, key]);
    if (head.state === 'waiting' && head.endpoint !== null) this.#ofEndpoint(head.endpoint).add(key);
  }

  delete(key: string): void {
    const head = this.#remove(key);
    if (head !== null) this.#byState[head.state].delete(key);
  }

  /** Since when the longest waiting hint of the state waits; `null` when there is none. */
  oldestAtMs(state: 'waiting' | 'parked'): number | null {
    let oldestMs = Number.POSITIVE_INFINITY;
    for (const atMs of this.#since[state].keys()) if (atMs < oldestMs) oldestMs = atMs;
    return oldestMs === Number.POSITIVE_INFINITY ? null : oldestMs;
  }

  /** Ordered by time. */
  *claimable(exceptEndpoints: ReadonlySet<string>): Generator<{ atMs: number; head: HintHead }> {
    for (const [atMs, key] of this.#due.except(exceptEndpoints)) {
      const head = this.#heads.get(key);
      if (head !== undefined) yield { atMs, head };
    }
  }

  /** Waiting hints. */
  *ofEndpoint(endpoint: string): Generator<HintHead> {
    for (const key of this.#byEndpoint.get(endpoint) ?? []) {
      const head = this.#heads.get(key);
      if (head !== undefined) yield head;
    }
  }

  endpoints(): string[] {
    return [...this.#byEndpoint.keys()];
  }

  /** Unordered. */
  heads(): Iterable<HintHead> {
    return this.#heads.values();
  }

  /** Ordered by key, starting behind `after`. Nothing may be set or deleted meanwhile. */
  *ofState(state: HintState, after: string): Generator<HintHead> {
    for (const key of this.#byState[state].keys(after)) {
      const head = key === after ? undefined : this.#heads.get(key);
      if (head !== undefined) yield head;
    }
  }

  count(state: HintState): number {
    return this.#byState[state].size;
  }

  /** How many accounts of the corp have a hint and never had a puppet. */
  countUnregistered(corpId: string): number {
    return this.#unregistered.get(corpId) ?? 0;
  }

  /** Removes the head from every index except that of its state. @returns the head. */
  #remove(key: string): HintHead | null {
    const head = this.#heads.get(key);
    if (head === undefined) return null;
    this.#heads.delete(key);
    this.#countUnregistered(head, -1);
    this.#countSince(head, -1);
    const atMs = claimableAtMs(head);
    if (atMs !== null) this.#due.delete(head.endpoint ?? NO_ENDPOINT, [atMs, key]);
    if (head.endpoint === null) return head;
    const keys = this.#byEndpoint.get(head.endpoint);
    keys?.delete(key);
    if (keys?.size === 0) this.#byEndpoint.delete(head.endpoint);
    return head;
  }

  #countSince({ state, waitingSinceMs }: HintHead, change: 1 | -1): void {
    if (state === 'dead') return;
    const counts = this.#since[state];
    const count = (counts.get(waitingSinceMs) ?? 0) + change;
    if (count > 0) counts.set(waitingSinceMs, count);
    else counts.delete(waitingSinceMs);
  }

  #ofEndpoint(endpoint: string): Set<string> {
    let keys = this.#byEndpoint.get(endpoint);
    if (keys === undefined) {
      keys = new Set();
      this.#byEndpoint.set(endpoint, keys);
    }
    return keys;
  }

  #countUnregistered({ endpoint, corpId }: HintHead, change: 1 | -1): void {
    if (endpoint !== null) return;
    const count = this.countUnregistered(corpId) + change;
    if (count > 0) this.#unregistered.set(corpId, count);
    else this.#unregistered.delete(corpId);
  }
}

function byText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
