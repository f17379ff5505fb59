/**
 * Seals secrets for a store and opens them again, with the keys of `SECRETS_KEY`. It protects them from readers
 * of the store, not from writers: a plain text in the store is accepted.
 */
import {
  type CipherGCM,
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import type { Secret } from '../kernel/secret.js';

/** The record and field that a sealed text belongs to: it opens only there. */
export type Identity = readonly string[];

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Contains blanks, which neither a corpSecret nor a registered key can contain. */
const PREFIX = 'sealed v1 ';
const ANY_VERSION = 'sealed v';
const KEY_ID_LENGTH = 8;
const BYTES_AT = PREFIX.length + KEY_ID_LENGTH + 1;
const ENVELOPE = /^sealed v1 [0-9a-f]{8} [A-Za-z0-9_-]{38,}$/;

/** A sealed text cannot be opened. The error shows nothing of its content. */
export class SealError extends Error {
  override readonly name = 'SealError';

  constructor(
    /** No key of this id is known; otherwise the text was changed, or belongs somewhere else. */
    readonly isKeyUnknown: boolean,
    /** The key that it was sealed with. */
    readonly keyId: string,
  ) {
    super(isKeyUnknown ? `key ${keyId} is not known` : `a text sealed with key ${keyId} does not open`);
  }
}

export function isSealed(text: string): boolean {
  return text.startsWith(ANY_VERSION);
}

/** Identifies a key and reveals nothing of it. */
export function keyIdOf(key: Uint8Array): string {
  return createHash('sha256')
    .update('wxkf-manager secrets key ')
    .update(key)
    .digest('hex')
    .slice(0, KEY_ID_LENGTH);
}

interface Key {
  readonly id: string;
  readonly key: KeyObject;
}

export class Sealer {
  /** The key that seals; `null` without keys. */
  readonly #first: Key | null;
  readonly #byId: ReadonlyMap<string, KeyObject>;

  /** @param keys base64 of 32 bytes each. The first key seals, every key opens. Without keys, texts stay plain. */
  constructor(keys: readonly Secret[]) {
    const known = keys.map((secret) => {
      const bytes = Buffer.from(secret.reveal(), 'base64');
      return { id: keyIdOf(bytes), key: createSecretKey(bytes) };
    });
    this.#first = known[0] ?? null;
    this.#byId = new Map(known.map(({ id, key }) => [id, key]));
  }

  get hasKeys(): boolean {
    return this.#first !== null;
  }

  /** The first key seals. */
  get keyIds(): readonly string[] {
    return [...this.#byId.keys()];
  }

  /** An empty text stands for a missing secret, and stays empty. */
  seal(text: string, identity: Identity): string {
    if (this.#first === null || text === '') return text;
    const { id, key } = this.#first;
    const nonce = randomBytes(NONCE_BYTES);
    const cipher: CipherGCM = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(toBytes(identity));
    const bytes = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${PREFIX}${id} ${bytes.toString('base64url')}`;
  }

  /** Returns a plain text unchanged. @throws SealError */
  open(text: string, identity: Identity): string {
    if (!isSealed(text)) return text;
    if (!ENVELOPE.test(text)) throw new SealError(false, '(unreadable)');
    const keyId = text.slice(PREFIX.length, BYTES_AT - 1);
    const key = this.#byId.get(keyId);
    if (key === undefined) throw new SealError(true, keyId);
    const bytes = Buffer.from(text.slice(BYTES_AT), 'base64url');
    try {
      return openWith(key, bytes, identity);
    } catch {
      throw new SealError(false, keyId);
    }
  }

  /** Whether `seal` would use the same key now. */
  isCurrent(text: string): boolean {
    if (text === '') return true;
    return this.#first === null ? !isSealed(text) : text.startsWith(`${PREFIX}${this.#first.id} `);
  }
}

function openWith(key: KeyObject, bytes: Buffer, identity: Identity): string {
  const tagAt = bytes.length - TAG_BYTES;
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(toBytes(identity));
  decipher.setAuthTag(bytes.subarray(tagAt));
  // Decoded as a single buffer: `update` with an encoding costs a fifth more.
  const opened = decipher.update(bytes.subarray(NONCE_BYTES, tagAt));
  decipher.final();
  return opened.toString('utf8');
}

/** JSON, so that two identities never have the same bytes. */
function toBytes(identity: Identity): Buffer {
  return Buffer.from(JSON.stringify(identity), 'utf8');
}
