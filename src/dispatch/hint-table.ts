import { DueQueues } from './due-queues.js';
import { claimableAtMs, type HintHead, type HintState, hintKey } from './hint.js';

/** Of hints for which no puppet was ever known; no origin is that. */
const NO_ORIGIN = '';

/** The heads of all hints of one process, found by key, due time and origin. Holds no event. */
export class HintTable {
  readonly #heads = new Map<string, HintHead>();
  readonly #due = new DueQueues();
  readonly #byOrigin = new Map<string, Set<string>>();
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
    if (atMs !== null) this.#due.add(head.origin ?? NO_ORIGIN, [atMs, key]);
    if (head.state === 'waiting' && head.origin !== null) this.#ofOrigin(head.origin).add(key);
  }

  delete(key: string): void {
    const head = this.#heads.get(key);
    if (head === undefined) return;
    this.#heads.delete(key);
    this.#count(head, -1);
    const atMs = claimableAtMs(head);
    if (atMs !== null) this.#due.delete(head.origin ?? NO_ORIGIN, [atMs, key]);
    if (head.origin === null) return;
    const keys = this.#byOrigin.get(head.origin);
    keys?.delete(key);
    if (keys?.size === 0) this.#byOrigin.delete(head.origin);
  }

  /** In the order of their time. */
  *claimable(exceptOrigins: ReadonlySet<string>): Generator<{ atMs: number; head: HintHead }> {
    for (const [atMs, key] of this.#due.except(exceptOrigins)) {
      const head = this.#heads.get(key);
      if (head !== undefined) yield { atMs, head };
    }
  }

  /** Waiting hints. */
  *ofOrigin(origin: string): Generator<HintHead> {
    for (const key of this.#byOrigin.get(origin) ?? []) {
      const head = this.#heads.get(key);
      if (head !== undefined) yield head;
    }
  }

  origins(): string[] {
    return [...this.#byOrigin.keys()];
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

  #ofOrigin(origin: string): Set<string> {
    let keys = this.#byOrigin.get(origin);
    if (keys === undefined) {
      keys = new Set();
      this.#byOrigin.set(origin, keys);
    }
    return keys;
  }

  #count({ state, origin, corpId }: HintHead, change: 1 | -1): void {
    this.#counts[state] += change;
    if (origin !== null) return;
    const count = this.countUnregistered(corpId) + change;
    if (count > 0) this.#unregistered.set(corpId, count);
    else this.#unregistered.delete(corpId);
  }
}
