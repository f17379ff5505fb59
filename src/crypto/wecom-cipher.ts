/**
 * WeCom's signature with a callback token, and its encryption with the key of the same pair. Pure: no I/O, no
 * registry, no XML, and no guess which pair is meant. The scheme: WeCom 加解密方案说明,
 * developer.work.weixin.qq.com/document/path/90968.
 */
import { isUtf8 } from 'node:buffer';
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type Decipheriv,
  hash,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { AppError } from '../kernel/app-error.js';
import type { Secret } from '../kernel/secret.js';
import { toAesKeyBytes } from '../kernel/wecom-format.js';

/** The values that a callback's signature covers besides the callback token, as received, decoded once. */
export interface SignedText {
  /** 40 lower-case hexadecimal digits. */
  readonly msgSignature: string;
  readonly timestamp: string;
  readonly nonce: string;
  readonly encrypted: string;
}

export interface OpenedText {
  readonly message: string;
  /** The receiver that it was sealed for. The caller checks it, since only the caller knows the receivers of the corp. */
  readonly receiveId: string;
}

const ALGORITHM = 'aes-256-cbc';
const AES_BLOCK_BYTES = 16;
/** WeCom pads to 32, twice AES's block, which is why OpenSSL's own padding check refuses good messages. */
const PAD_BLOCK_BYTES = 32;
const RANDOM_BYTES = 16;
const HEADER_BYTES = RANDOM_BYTES + 4;

/** Random bytes are made for this many texts at once: making those of one text takes as long as encrypting it. */
const RANDOM_TEXTS = 128;
let randomPool = Buffer.alloc(0);

/** 16 random bytes, new at each call. */
function nextRandom(): Buffer {
  if (randomPool.length === 0) randomPool = randomBytes(RANDOM_TEXTS * RANDOM_BYTES);
  const random = randomPool.subarray(0, RANDOM_BYTES);
  randomPool = randomPool.subarray(RANDOM_BYTES);
  return random;
}

/** Whether `msgSignature` was made with the callback token. Takes the same time either way, and leaves nothing in memory. */
export function isSignedWith(
  callbackToken: Secret,
  { msgSignature, timestamp, nonce, encrypted }: SignedText,
): boolean {
  const expected = Buffer.from(signatureOf(callbackToken, timestamp, nonce, encrypted), 'latin1');
  const actual = Buffer.from(msgSignature, 'latin1');
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

/** 40 lower-case hexadecimal digits. */
export function signatureOf(
  callbackToken: Secret,
  timestamp: string,
  nonce: string,
  encrypted: string,
): string {
  return hash('sha1', [callbackToken.reveal(), timestamp, nonce, encrypted].sort().join(''), 'hex');
}

/** Opens and seals with one key. */
export class WecomCipher {
  readonly #key: KeyObject;
  readonly #iv: Uint8Array;
  #decipher: Decipheriv;

  constructor(encodingAESKey: Secret) {
    const keyBytes = toAesKeyBytes(encodingAESKey.reveal());
    this.#key = createSecretKey(keyBytes);
    // Copied: a slice would keep in memory the 64 kB pool from which Node cuts small buffers.
    this.#iv = new Uint8Array(keyBytes.subarray(0, AES_BLOCK_BYTES));
    this.#decipher = this.#newDecipher();
  }

  /**
   * Opens a text whose signature was found good; without that check a caller could learn from the
   * different errors what the padding was.
   * @throws AppError `CIPHER_…`, one code for each way in which it does not open.
   */
  open(encrypted: string): OpenedText {
    const plain = this.#decrypt(toCiphertext(encrypted));
    const end = plain.length - padBytesOf(plain);
    const messageEnd = HEADER_BYTES + plain.readUInt32BE(RANDOM_BYTES);
    if (messageEnd > end) throw new AppError('CIPHER_MESSAGE_LENGTH_INVALID');
    return { message: toUtf8(plain, HEADER_BYTES, messageEnd), receiveId: toUtf8(plain, messageEnd, end) };
  }

  /** The inverse of `open`. `random` is 16 bytes; it is a parameter for known vectors only. */
  seal(message: string, receiveId: string, random: Buffer = nextRandom()): string {
    const messageBytes = Buffer.byteLength(message);
    const bytes = HEADER_BYTES + messageBytes + Buffer.byteLength(receiveId);
    const pad = PAD_BLOCK_BYTES - (bytes % PAD_BLOCK_BYTES);
    const plain = Buffer.allocUnsafe(bytes + pad).fill(pad, bytes);
    random.copy(plain);
    plain.writeUInt32BE(messageBytes, RANDOM_BYTES);
    plain.write(message, HEADER_BYTES);
    plain.write(receiveId, HEADER_BYTES + messageBytes);
    const cipher = createCipheriv(ALGORITHM, this.#key, this.#iv).setAutoPadding(false);
    return cipher.update(plain).toString('base64');
  }

  /**
   * One decipher serves all messages of a key, which saves a fifth of the inbound path. CBC chains each block to
   * the one before it. So a message in the middle of the stream loses only its first 16 bytes, and those are
   * WeCom's random prefix, which nobody reads. This holds as long as each call gets whole blocks and `final` is
   * never called.
   */
  #decrypt(ciphertext: Buffer): Buffer {
    try {
      return this.#decipher.update(ciphertext);
    } catch (cause) {
      this.#decipher = this.#newDecipher();
      throw new AppError('CIPHER_LENGTH_INVALID', { cause });
    }
  }

  #newDecipher(): Decipheriv {
    return createDecipheriv(ALGORITHM, this.#key, this.#iv).setAutoPadding(false);
  }
}

/** `Buffer.from` skips what is neither base64 nor base64url instead of refusing it; the byte count gives it away. */
function toCiphertext(encrypted: string): Buffer {
  const ciphertext = Buffer.from(encrypted, 'base64');
  const pad = encrypted.endsWith('==') ? 2 : encrypted.endsWith('=') ? 1 : 0;
  if (ciphertext.length !== (encrypted.length / 4) * 3 - pad) {
    throw new AppError('CIPHER_NOT_BASE64');
  }
  if (ciphertext.length < PAD_BLOCK_BYTES || ciphertext.length % AES_BLOCK_BYTES !== 0) {
    throw new AppError('CIPHER_LENGTH_INVALID');
  }
  return ciphertext;
}

function padBytesOf(plain: Buffer): number {
  const pad = plain[plain.length - 1] ?? 0;
  if (pad < 1 || pad > PAD_BLOCK_BYTES || pad > plain.length - HEADER_BYTES) {
    throw new AppError('CIPHER_PADDING_INVALID');
  }
  for (let at = plain.length - pad; at < plain.length; at++) {
    if (plain[at] !== pad) throw new AppError('CIPHER_PADDING_INVALID');
  }
  return pad;
}

function toUtf8(plain: Buffer, start: number, end: number): string {
  if (!isUtf8(plain.subarray(start, end))) throw new AppError('CIPHER_NOT_UTF8');
  return plain.toString('utf8', start, end);
}
