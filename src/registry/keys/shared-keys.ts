import { hash } from 'node:crypto';
import { toAddressKey } from '../../http/request/address.js';
import type { Secret } from '../../kernel/secret.js';
import { secretIdOf } from '../../kernel/secret-id.js';
import { ENCODING_AES_KEY_FORMAT, toAesKeyBytes } from '../../kernel/wecom-format.js';

/** One pair of callback credentials. */
export interface KeyPair {
  readonly callbackToken: Secret;
  readonly encodingAESKey: Secret;
}

/** A pair among those of its corp. */
export interface CorpPair extends KeyPair {
  /** Equal for equal pairs, in every process. */
  readonly id: string;
  /** Whether it may open events of the whole corp: it is an app's, or a puppet that uses it has a secret that WeCom accepted. */
  readonly isTrusted: boolean;
  /** The address whose registration brought it, see `toAddressKey`; `''` when an app did, or when it was not recorded. */
  readonly broughtBy: string;
}

/** One corpSecret, and which puppets of the corp have it. */
export class SharedSecret {
  users = 0;
  /** The puppets whose record says that WeCom accepted the secret: one is enough for all. */
  acceptedBy = 0;
  /** The address that last registered with it. */
  from = '';
  #id: string | null = null;

  constructor(
    readonly corpId: string,
    readonly secret: Secret,
  ) {}

  get id(): string {
    this.#id ??= secretIdOf(this.corpId, this.secret);
    return this.#id;
  }

  get isAccepted(): boolean {
    return this.acceptedBy > 0;
  }
}

/** One pair, and who uses it. It is the same object for as long as anyone of the corp uses the pair. */
export class SharedPair implements CorpPair {
  /** How many apps have it; the operator vouches for them. */
  apps = 0;
  #id: string | null = null;
  /** The secrets of the puppets that use it, with how many have each. */
  readonly #secrets = new Map<SharedSecret, number>();

  readonly broughtBy: string;

  /** @param from the address of the registration that brings it. */
  constructor(
    readonly callbackToken: Secret,
    readonly encodingAESKey: Secret,
    from: string,
  ) {
    this.broughtBy = toAddressKey(from);
  }

  /** Equal for equal pairs, in every process. The key has 256 bits, so it cannot be found from the id by trying. */
  get id(): string {
    this.#id ??= hashOf(toPairKey(this));
    return this.#id;
  }

  get isTrusted(): boolean {
    if (this.apps > 0) return true;
    for (const secret of this.#secrets.keys()) if (secret.isAccepted) return true;
    return false;
  }

  get isUsed(): boolean {
    return this.apps > 0 || this.#secrets.size > 0;
  }

  /** How many puppets have it. */
  get userCount(): number {
    let count = 0;
    for (const users of this.#secrets.values()) count += users;
    return count;
  }

  get secrets(): SharedSecret[] {
    return [...this.#secrets.keys()];
  }

  addUser(secret: SharedSecret): void {
    this.#secrets.set(secret, (this.#secrets.get(secret) ?? 0) + 1);
  }

  removeUser(secret: SharedSecret): void {
    const left = (this.#secrets.get(secret) ?? 1) - 1;
    if (left > 0) this.#secrets.set(secret, left);
    else this.#secrets.delete(secret);
  }
}

/** Equal for equal pairs. Compares the key's bytes, since several texts stand for one key. `null` for keys of another form. */
export function toPairKey({ callbackToken, encodingAESKey }: KeyPair): string | null {
  const text = encodingAESKey.reveal();
  if (callbackToken.reveal() === '' || !ENCODING_AES_KEY_FORMAT.pattern.test(text)) return null;
  return `${callbackToken.reveal()} ${toAesKeyBytes(text).toString('base64')}`;
}

/** The `id` of a pair; `null` when it does not have WeCom's form. */
export function pairIdOf(pair: KeyPair): string | null {
  const key = toPairKey(pair);
  return key === null ? null : hashOf(key);
}

function hashOf(pairKey: string | null): string {
  return hash('sha256', `keys ${pairKey}`, 'base64url').slice(0, 22);
}
