import { DueQueues } from './due-queues.js';
import { claimableAtMs, type HintHead, type HintState, hintKey } from './hint.js';

/** Of hints for which no puppet was ever known; no endpoint is that. */
const NO_ENDPOINT = '';

/** The heads of all hints of one process, found by key, due time and endpoint. Holds no event. */
export class HintTable {
  readonly #heads = new Map<string, HintHead>();
  readonly #due = new DueQueues();
  readonly #byEndpoint = new Map<string, Set<string>>();
  readonly #unregistered = new Map<string, number>();
  readonly #counts: Record<HintState, number> = { waiting: 0, parked: 0, dead: 0 };

  get(key: string): HintHead | null {
    return this.#heads.get(key) ?? null;
  }

  set(head: HintHead): void {
    const key = hintKey(head);
    this.delete(key);
    this.#heads.set(key, head);
    this.#count(head, 1);
    const atMs = claimableAtMs(head);
    if (atMs !== null) this.#due.add(head.endpoint ?? NO_ENDPOINT, [atMs, key]);
    if (head.state === 'waiting' && head.endpoint !== null) this.#ofEndpoint(head.endpoint).add(key);
  }

  delete(key: string): void {
    const head = this.#heads.get(key);
    if (head === undefined) return;
    this.#heads.delete(key);
    this.#count(head, -1);
    const atMs = claimableAtMs(head);
    if (atMs !== null) this.#due.delete(head.endpoint ?? NO_ENDPOINT, [atMs, key]);
    if (head.endpoint === null) return;
    const keys = this.#byEndpoint.get(head.endpoint);
    keys?.delete(key);
    if (keys?.size === 0) this.#byEndpoint.delete(head.endpoint);
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

  count(state: HintState): number {
    return this.#counts[state];
  }

  /** Accounts of the corp for which no puppet was ever known. */
  countUnregistered(corpId: string): number {
    return this.#unregistered.get(corpId) ?? 0;
  }

  #ofEndpoint(endpoint: string): Set<string> {
    let keys = this.#byEndpoint.get(endpoint);
    if (keys === undefined) {
      keys = new Set();
      this.#byEndpoint.set(endpoint, keys);
    }
    return keys;
  }

  #count({ state, endpoint, corpId }: HintHead, change: 1 | -1): void {
    this.#counts[state] += change;
    if (endpoint !== null) return;
    const count = this.countUnregistered(corpId) + change;
    if (count > 0) this.#unregistered.set(corpId, count);
    else this.#unregistered.delete(corpId);
  }
}
