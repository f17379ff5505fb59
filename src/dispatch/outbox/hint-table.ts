import SortedTree from 'sorted-btree';
import { DueQueues } from './due-queues.js';
import { claimableAtMs, type HintHead, type HintState, hintKey } from './hint.js';

// As a CommonJS module it arrives whole.
const { default: BTree } = SortedTree;

type Keys = InstanceType<typeof BTree<string, null>>;

/** Of hints for which no puppet was ever known; no endpoint is that. */
const NO_ENDPOINT = '';

/** The heads of all hints of one process, found by key, due time and endpoint. Holds no event. */
export class HintTable {
  readonly #heads = new Map<string, HintHead>();
  readonly #due = new DueQueues();
  /** How many of those that wait came in at each time. In no order, which a put would pay for. */
  readonly #arrivals = new Map<number, number>();
  readonly #byEndpoint = new Map<string, Set<string>>();
  readonly #unregistered = new Map<string, number>();
  /** Keys in their order. */
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
    this.#countArrival(head, 1);
    const atMs = claimableAtMs(head);
    if (atMs !== null) this.#due.add(head.endpoint ?? NO_ENDPOINT, [atMs, key]);
    if (head.state === 'waiting' && head.endpoint !== null) this.#ofEndpoint(head.endpoint).add(key);
  }

  delete(key: string): void {
    const head = this.#remove(key);
    if (head !== null) this.#byState[head.state].delete(key);
  }

  /** When the first of those came in that wait; `null` where none does. */
  oldestWaitingAtMs(): number | null {
    let oldestMs = Number.POSITIVE_INFINITY;
    for (const atMs of this.#arrivals.keys()) if (atMs < oldestMs) oldestMs = atMs;
    return oldestMs === Number.POSITIVE_INFINITY ? null : oldestMs;
  }

  /** In the order of their time. */
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

  /** In no order. */
  heads(): Iterable<HintHead> {
    return this.#heads.values();
  }

  /** In the order of their keys. Nothing may be set or deleted meanwhile. @param after is left out. */
  *ofState(state: HintState, after: string): Generator<HintHead> {
    for (const key of this.#byState[state].keys(after)) {
      const head = key === after ? undefined : this.#heads.get(key);
      if (head !== undefined) yield head;
    }
  }

  count(state: HintState): number {
    return this.#byState[state].size;
  }

  /** Accounts of the corp for which no puppet was ever known. */
  countUnregistered(corpId: string): number {
    return this.#unregistered.get(corpId) ?? 0;
  }

  /** From all but its state. @returns what it was. */
  #remove(key: string): HintHead | null {
    const head = this.#heads.get(key);
    if (head === undefined) return null;
    this.#heads.delete(key);
    this.#countUnregistered(head, -1);
    this.#countArrival(head, -1);
    const atMs = claimableAtMs(head);
    if (atMs !== null) this.#due.delete(head.endpoint ?? NO_ENDPOINT, [atMs, key]);
    if (head.endpoint === null) return head;
    const keys = this.#byEndpoint.get(head.endpoint);
    keys?.delete(key);
    if (keys?.size === 0) this.#byEndpoint.delete(head.endpoint);
    return head;
  }

  #countArrival({ state, arrivedAtMs }: HintHead, change: 1 | -1): void {
    if (state !== 'waiting') return;
    const count = (this.#arrivals.get(arrivedAtMs) ?? 0) + change;
    if (count > 0) this.#arrivals.set(arrivedAtMs, count);
    else this.#arrivals.delete(arrivedAtMs);
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
