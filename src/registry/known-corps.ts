import type { App } from './apps/app.js';
import { type CorpPair, type KeyPair, SharedPair, toPairKey } from './shared-keys.js';

/** What opens the callbacks of one corp. */
export interface CorpKeys {
  /** Distinct pairs of its apps and puppets, online or not; a callback's signature picks one. */
  readonly pairs: ReadonlyMap<string, CorpPair>;
  /** The corp itself and what its apps add. */
  readonly receiveIds: ReadonlySet<string>;
}

interface Corp {
  readonly pairs: Map<string, SharedPair>;
  receiveIds: ReadonlySet<string>;
}

/** The corps with a pair of keys, of an app or a puppet, and all apps. */
export class KnownCorps {
  readonly #corps = new Map<string, Corp>();
  readonly #apps = new Map<string, App>();

  /** @returns `null` when no credentials of the corp are known. */
  find(corpId: string): CorpKeys | null {
    return this.#corps.get(corpId) ?? null;
  }

  findApp(id: string): App | null {
    return this.#apps.get(id) ?? null;
  }

  get apps(): Iterable<App> {
    return this.#apps.values();
  }

  /** In place of the one with its id, which is of the same corp. */
  putApp(app: App): void {
    const before = this.findApp(app.id);
    // The new one first, so that a pair that both have keeps its identity, and with it its cipher.
    const pair = this.pairOf(app.corpId, app);
    if (pair !== null) pair.apps++;
    if (before !== null) this.#releasePairOf(before);
    this.#apps.set(app.id, app);
    this.#setReceiveIds(app.corpId);
  }

  removeApp(id: string): void {
    const app = this.findApp(id);
    if (app === null) return;
    this.#apps.delete(id);
    this.#releasePairOf(app);
    this.#setReceiveIds(app.corpId);
  }

  /** @returns `null` for keys that have not WeCom's form. */
  pairOf(corpId: string, keys: KeyPair): SharedPair | null {
    const key = toPairKey(keys);
    if (key === null) return null;
    let corp = this.#corps.get(corpId);
    if (corp === undefined) {
      corp = { pairs: new Map(), receiveIds: new Set([corpId]) };
      this.#corps.set(corpId, corp);
    }
    let pair = corp.pairs.get(key);
    if (pair === undefined) {
      pair = new SharedPair(keys.callbackToken, keys.encodingAESKey);
      corp.pairs.set(key, pair);
    }
    return pair;
  }

  /** Ends the pair where neither an app nor a puppet has it any more. */
  dropUnused(corpId: string, pair: SharedPair): void {
    if (pair.isUsed) return;
    const corp = this.#corps.get(corpId);
    corp?.pairs.delete(toPairKey(pair) ?? '');
    if (corp?.pairs.size === 0) this.#corps.delete(corpId);
  }

  findPairOf(app: App): SharedPair | null {
    return this.#corps.get(app.corpId)?.pairs.get(toPairKey(app) ?? '') ?? null;
  }

  #releasePairOf(app: App): void {
    const pair = this.findPairOf(app);
    if (pair === null) return;
    pair.apps--;
    this.dropUnused(app.corpId, pair);
  }

  /** An app that opens nothing adds none. */
  #setReceiveIds(corpId: string): void {
    const corp = this.#corps.get(corpId);
    if (corp === undefined) return;
    const ofCorp = [...this.#apps.values()].filter((app) => app.corpId === corpId && toPairKey(app) !== null);
    corp.receiveIds = new Set([corpId, ...ofCorp.flatMap(({ receiveIds }) => receiveIds)]);
  }
}
