import { Injectable } from '@nestjs/common';
import { type CorpPair, type KeyPair, SharedPair, toPairKey } from './shared-keys.js';

/** The keys that open the callbacks of one corp. */
export interface CorpKeys {
  /** Distinct pairs of its apps and puppets, online or not; a callback's signature picks one. */
  readonly pairs: ReadonlyMap<string, CorpPair>;
  /** The corp itself and what its apps add. */
  readonly receiveIds: ReadonlySet<string>;
}

/** What an app gives its corp: a pair for which the operator vouches, and receivers. */
export interface AppKeys extends KeyPair {
  readonly id: string;
  readonly corpId: string;
  readonly receiveIds: readonly string[];
}

interface Corp {
  readonly pairs: Map<string, SharedPair>;
  receiveIds: ReadonlySet<string>;
}

/** The keys of each corp that has any, from its apps and its puppets. */
@Injectable()
export class KnownCorps {
  readonly #corps = new Map<string, Corp>();
  readonly #apps = new Map<string, AppKeys>();
  /** Pairs by the address that brought them, where it is known. */
  readonly #brought = new Map<string, Set<SharedPair>>();

  /** @returns `null` when no credentials of the corp are known. */
  find(corpId: string): CorpKeys | null {
    return this.#corps.get(corpId) ?? null;
  }

  /** Replaces the app with the same id, which is of the same corp. */
  putApp(app: AppKeys): void {
    const before = this.#apps.get(app.id);
    // The new one is added before the old one goes, so that a pair in both stays the same object and keeps its cipher.
    const pair = this.pairOf(app.corpId, app);
    if (pair !== null) pair.apps++;
    if (before !== undefined) this.#releasePairOf(before);
    this.#apps.set(app.id, app);
    this.#setReceiveIds(app.corpId);
  }

  removeApp(id: string): void {
    const app = this.#apps.get(id);
    if (app === undefined) return;
    this.#apps.delete(id);
    this.#releasePairOf(app);
    this.#setReceiveIds(app.corpId);
  }

  /**
   * Adds the pair, if it is new.
   * @param from the address of the registration that has it, `''` for an app.
   * @returns `null` for keys that do not have WeCom's form.
   */
  pairOf(corpId: string, keys: KeyPair, from = ''): SharedPair | null {
    const key = toPairKey(keys);
    if (key === null) return null;
    let corp = this.#corps.get(corpId);
    if (corp === undefined) {
      corp = { pairs: new Map(), receiveIds: new Set([corpId]) };
      this.#corps.set(corpId, corp);
    }
    let pair = corp.pairs.get(key);
    if (pair === undefined) {
      pair = new SharedPair(keys.callbackToken, keys.encodingAESKey, from);
      corp.pairs.set(key, pair);
      this.#noteBrought(pair);
    }
    return pair;
  }

  /** Removes the pair when neither an app nor a puppet has it any more. */
  dropUnused(corpId: string, pair: SharedPair): void {
    if (pair.isUsed) return;
    const corp = this.#corps.get(corpId);
    corp?.pairs.delete(toPairKey(pair) ?? '');
    if (corp?.pairs.size === 0) this.#corps.delete(corpId);
    const brought = this.#brought.get(pair.broughtBy);
    brought?.delete(pair);
    if (brought?.size === 0) this.#brought.delete(pair.broughtBy);
  }

  findPairOf(owner: KeyPair & { readonly corpId: string }): SharedPair | null {
    return this.#corps.get(owner.corpId)?.pairs.get(toPairKey(owner) ?? '') ?? null;
  }

  /** How many pairs that registrations from the address brought are not trusted. @param key see `toAddressKey` */
  countUntrusted(key: string): number {
    let count = 0;
    for (const { isTrusted } of this.#brought.get(key) ?? []) if (!isTrusted) count++;
    return count;
  }

  #noteBrought(pair: SharedPair): void {
    if (pair.broughtBy === '') return;
    const brought = this.#brought.get(pair.broughtBy) ?? new Set();
    this.#brought.set(pair.broughtBy, brought);
    brought.add(pair);
  }

  #releasePairOf(app: AppKeys): void {
    const pair = this.findPairOf(app);
    if (pair === null) return;
    pair.apps--;
    this.dropUnused(app.corpId, pair);
  }

  /** An app whose secrets could not be opened adds no receivers. */
  #setReceiveIds(corpId: string): void {
    const corp = this.#corps.get(corpId);
    if (corp === undefined) return;
    const ofCorp = [...this.#apps.values()].filter((app) => app.corpId === corpId && toPairKey(app) !== null);
    corp.receiveIds = new Set([corpId, ...ofCorp.flatMap(({ receiveIds }) => receiveIds)]);
  }
}
