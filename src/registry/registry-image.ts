import { hash } from 'node:crypto';
import type { WecomApp } from '../config/wecom-apps-file.js';
import type { Secret } from '../kernel/secret.js';
import { ENCODING_AES_KEY_FORMAT, toAesKeyBytes } from '../kernel/wecom-format.js';
import { isSamePuppet, type Puppet } from './puppet.js';

/** One pair of callback credentials; the same object for as long as anyone of the corp uses the pair. */
export interface KeyPair {
  readonly callbackToken: Secret;
  readonly encodingAESKey: Secret;
}

/** What opens the callbacks of one corp. */
export interface CorpKeys {
  /** Distinct pairs of its apps and puppets, online or not; a callback's signature picks one. */
  readonly pairs: ReadonlyMap<string, KeyPair>;
  /** The corp itself and what its apps add. */
  readonly receiveIds: ReadonlySet<string>;
}

interface CountedPair extends KeyPair {
  users: number;
}

interface CountedSecret {
  readonly secret: Secret;
  users: number;
}

interface Corp {
  readonly pairs: Map<string, CountedPair>;
  readonly receiveIds: Set<string>;
}

interface Known {
  readonly puppet: Puppet;
  /** `null` when its keys are not of WeCom's form. */
  readonly pair: CountedPair | null;
}

/**
 * All that routing needs, in memory: puppets by kf account, key pairs by corp. Plain and
 * synchronous; who fills it, and when, is the registry service's affair.
 */
export class RegistryImage {
  readonly #known = new Map<string, Known>();
  readonly #corps = new Map<string, Corp>();
  /** The distinct corpSecrets of each corp's puppets, with how many have each. */
  readonly #secrets = new Map<string, Map<string, CountedSecret>>();

  constructor(apps: readonly WecomApp[] = []) {
    for (const app of apps) {
      this.#addPair(app.corpId, app);
      for (const id of app.receiveIds) this.#corps.get(app.corpId)?.receiveIds.add(id);
    }
  }

  get size(): number {
    return this.#known.size;
  }

  findPuppet(openKfId: string): Puppet | null {
    return this.#known.get(openKfId)?.puppet ?? null;
  }

  /** @returns `null` when no credentials of the corp are known. */
  findCorp(corpId: string): CorpKeys | null {
    return this.#corps.get(corpId) ?? null;
  }

  /** The pair that the puppet registered, comparable by identity with those of `findCorp`. */
  findPairOf(openKfId: string): KeyPair | null {
    return this.#known.get(openKfId)?.pair ?? null;
  }

  /** Those of its puppets, online or not, each once. */
  secretsOf(corpId: string): readonly Secret[] {
    return [...(this.#secrets.get(corpId)?.values() ?? [])].map(({ secret }) => secret);
  }

  /** @returns whether anything changed. */
  put(puppet: Puppet): boolean {
    const before = this.#known.get(puppet.openKfId);
    if (before !== undefined && isSamePuppet(before.puppet, puppet)) return false;
    // The new pair is added first, so that one which both use keeps its identity and its cipher.
    const pair = this.#addPair(puppet.corpId, puppet);
    this.#addSecret(puppet);
    this.#known.set(puppet.openKfId, { puppet, pair });
    if (before !== undefined) this.#release(before);
    return true;
  }

  remove(openKfId: string): void {
    const before = this.#known.get(openKfId);
    if (before === undefined) return;
    this.#known.delete(openKfId);
    this.#release(before);
  }

  *openKfIds(): Iterable<string> {
    yield* this.#known.keys();
  }

  #addPair(corpId: string, { callbackToken, encodingAESKey }: KeyPair): CountedPair | null {
    const key = toPairKey(callbackToken, encodingAESKey);
    if (key === null) return null;
    let corp = this.#corps.get(corpId);
    if (corp === undefined) {
      corp = { pairs: new Map(), receiveIds: new Set([corpId]) };
      this.#corps.set(corpId, corp);
    }
    let pair = corp.pairs.get(key);
    if (pair === undefined) {
      pair = { callbackToken, encodingAESKey, users: 0 };
      corp.pairs.set(key, pair);
    }
    pair.users++;
    return pair;
  }

  #addSecret({ corpId, corpSecret: secret }: Puppet): void {
    if (secret.reveal() === '') return;
    const ofCorp = this.#secrets.get(corpId) ?? new Map<string, CountedSecret>();
    const counted = ofCorp.get(secret.reveal()) ?? { secret, users: 0 };
    counted.users++;
    ofCorp.set(secret.reveal(), counted);
    this.#secrets.set(corpId, ofCorp);
  }

  #release(known: Known): void {
    this.#releasePair(known);
    const { corpId, corpSecret } = known.puppet;
    const ofCorp = this.#secrets.get(corpId);
    const counted = ofCorp?.get(corpSecret.reveal());
    if (ofCorp === undefined || counted === undefined || --counted.users > 0) return;
    ofCorp.delete(corpSecret.reveal());
    if (ofCorp.size === 0) this.#secrets.delete(corpId);
  }

  #releasePair({ puppet, pair }: Known): void {
    if (pair === null || --pair.users > 0) return;
    const corp = this.#corps.get(puppet.corpId);
    corp?.pairs.delete(toPairKey(pair.callbackToken, pair.encodingAESKey) ?? '');
    if (corp?.pairs.size === 0) this.#corps.delete(puppet.corpId);
  }
}

/** The same for equal pairs wherever it is made. The key's 256 bits keep it from being found by trying. */
export function keysIdOf({ callbackToken, encodingAESKey }: KeyPair): string {
  return hash('sha256', `keys ${toPairKey(callbackToken, encodingAESKey)}`, 'base64url').slice(0, 22);
}

/** Equal for equal pairs: by the key's bytes, since several texts stand for one key. */
function toPairKey(callbackToken: Secret, encodingAESKey: Secret): string | null {
  const text = encodingAESKey.reveal();
  if (callbackToken.reveal() === '' || !ENCODING_AES_KEY_FORMAT.pattern.test(text)) return null;
  return `${callbackToken.reveal()} ${toAesKeyBytes(text).toString('base64')}`;
}
