import { createCipheriv, createDecipheriv } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { decrypt, encrypt, getSignature } from '@wecom/crypto';
import { SEED, seeded } from '../../test/support/seeded.js';
import { AppError } from '../kernel/app-error.js';
import { Secret } from '../kernel/secret.js';
import { isSignedWith, type SignedText, signatureOf, WecomCipher } from './wecom-cipher.js';

interface Vector extends SignedText {
  readonly name: string;
  readonly token: string;
  readonly encodingAESKey: string;
  readonly receiveId: string;
  readonly plaintext: string;
}

const VECTORS: readonly Vector[] = JSON.parse(
  readFileSync(new URL('../../test/vectors/wecom-callback-vectors.json', import.meta.url), 'utf8'),
);
const TOKEN = 'QDG6eK';
const CALLBACK_TOKEN = new Secret(TOKEN);
const AES_KEY = 'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C';
const OTHER_AES_KEY = '6qkdMrq68nTKduznJYO1A37W2oEgpkMUvkttRToqhUt';
const CORP_ID = 'wx5823bf96d3bd56c7';
const LETTERS = ['a', '7', '<', '&', ']', '\n', '\0', 'é', '客', '😀'];

function cipherOf(encodingAESKey: string): WecomCipher {
  return new WecomCipher(new Secret(encodingAESKey));
}

function aesOf(encodingAESKey: string): ['aes-256-cbc', Buffer, Buffer] {
  const key = Buffer.from(`${encodingAESKey}=`, 'base64');
  return ['aes-256-cbc', key, key.subarray(0, 16)];
}

function encryptBytes(plain: Buffer): string {
  return createCipheriv(...aesOf(AES_KEY))
    .setAutoPadding(false)
    .update(plain)
    .toString('base64');
}

function decryptBytes(encodingAESKey: string, encrypted: string): Buffer {
  return createDecipheriv(...aesOf(encodingAESKey))
    .setAutoPadding(false)
    .update(encrypted, 'base64');
}

/** Encrypts what WeCom would not: a message length, bytes and a padding that need not fit each other. */
function encryptParts(messageLength: number, content: Buffer | string, padding: readonly number[]): string {
  const header = Buffer.alloc(20);
  header.writeUInt32BE(messageLength, 16);
  return encryptBytes(Buffer.concat([header, Buffer.from(content), Buffer.from(padding)]));
}

function times(count: number, value: number): number[] {
  return Array.from({ length: count }, () => value);
}

function randomTexts(seed: number): (length: number) => string {
  const { pick } = seeded(seed);
  return (length) => Array.from({ length }, () => pick(LETTERS)).join('');
}

/** The text with each of its bits turned over, one at a time, as bytes on the wire are. */
function* bitFlipsOf(text: string): Iterable<string> {
  for (let at = 0; at < text.length; at++) {
    for (let bit = 1; bit < 256; bit <<= 1) {
      yield text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ bit) + text.slice(at + 1);
    }
  }
}

/** The code of the AppError that `act` throws, or `opened`; anything else that is thrown passes. */
function outcomeOf(act: () => unknown): string {
  try {
    act();
    return 'opened';
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}

describe('published samples', () => {
  it('are all there', () => expect(VECTORS).toHaveLength(14));

  it.each(VECTORS)('$name: accepts the signature, opens it and seals it to the same text', (vector) => {
    const { token, encodingAESKey, encrypted, plaintext, receiveId } = vector;
    const cipher = cipherOf(encodingAESKey);
    const random = decryptBytes(encodingAESKey, encrypted).subarray(0, 16);
    expect(isSignedWith(new Secret(token), vector)).toBe(true);
    expect(cipher.open(encrypted)).toEqual({ message: plaintext, receiveId });
    expect(cipher.seal(plaintext, receiveId, random)).toBe(encrypted);
  });

  it('tells the receiver at the end of the ciphertext, not the one that the message names', () => {
    const vector = VECTORS.find(({ name }) => name === 'official-python-decryptmsg-json');
    const { message, receiveId } = cipherOf(vector?.encodingAESKey ?? '').open(vector?.encrypted ?? '');
    expect(message).toContain('"ToUserName": "wx5823bf96d3bd56c7"');
    expect(receiveId).toBe('ww1436e0e65a779aee');
  });
});

describe('agreement with @wecom/crypto', () => {
  const cipher = cipherOf(AES_KEY);

  it('opens what it seals and seals what it opens, for 602 messages of 0 to 300 characters', () => {
    const randomText = randomTexts(SEED);
    for (let at = 0; at < 602; at++) {
      const [message, receiveId] = [randomText(at % 301), randomText(at % 41)];
      const ours = decrypt(AES_KEY, cipher.seal(message, receiveId));
      const theirs = cipher.open(encrypt(AES_KEY, message, receiveId));
      expect({ SEED, at, ...theirs }).toEqual({ SEED, at, message, receiveId });
      expect({ SEED, at, message: ours.message, id: ours.id }).toEqual({ SEED, at, message, id: receiveId });
    }
  });

  it('signs alike, in the order of code units and not of a language', () => {
    for (const nonce of ['1', 'a', 'Z', '_', 'é', 'QDG6eK']) {
      expect(signatureOf(CALLBACK_TOKEN, '1409659813', nonce, 'P9nAz==')).toBe(
        getSignature(TOKEN, '1409659813', nonce, 'P9nAz=='),
      );
    }
  });

  it('opens every padding from 1 to 32', () => {
    const pads = Array.from({ length: 32 }, (_, length) => {
      const encrypted = encrypt(AES_KEY, 'm'.repeat(length), CORP_ID);
      expect(cipher.open(encrypted)).toEqual({ message: 'm'.repeat(length), receiveId: CORP_ID });
      return decryptBytes(AES_KEY, encrypted).at(-1);
    });
    expect(pads.toSorted((a, b) => Number(a) - Number(b))).toEqual(pads.map((_, index) => index + 1));
  });
});

describe('signature', () => {
  const cipher = cipherOf(AES_KEY);
  const encrypted = cipher.seal('<xml></xml>', CORP_ID);
  const signed = { timestamp: '1409659813', nonce: '1372623149', encrypted };
  const valid = {
    ...signed,
    msgSignature: signatureOf(CALLBACK_TOKEN, signed.timestamp, signed.nonce, encrypted),
  };

  it('refuses every single-bit flip of a valid envelope', () => {
    expect(isSignedWith(CALLBACK_TOKEN, valid)).toBe(true);
    for (const field of ['msgSignature', 'timestamp', 'nonce', 'encrypted'] as const) {
      const accepted = [...bitFlipsOf(valid[field])].filter((flipped) =>
        isSignedWith(CALLBACK_TOKEN, { ...valid, [field]: flipped }),
      );
      expect({ field, accepted }).toEqual({ field, accepted: [] });
    }
  });

  it.each([
    ['nothing', ''],
    ['one digit less', valid.msgSignature.slice(1)],
    ['one digit more', `${valid.msgSignature}0`],
    ['upper case', valid.msgSignature.toUpperCase()],
    ['another language', '签'.repeat(40)],
  ])('is false for %s and does not throw', (_what, msgSignature) => {
    expect(isSignedWith(CALLBACK_TOKEN, { ...valid, msgSignature })).toBe(false);
  });

  it('is false for that of another callback token', () => {
    const msgSignature = getSignature('anotherToken', signed.timestamp, signed.nonce, encrypted);
    expect(isSignedWith(CALLBACK_TOKEN, { ...valid, msgSignature })).toBe(false);
  });
});

describe('what does not open', () => {
  const cipher = cipherOf(AES_KEY);

  it.each([
    ['CIPHER_NOT_BASE64', 'a length that base64 never has', 'AAA'],
    ['CIPHER_NOT_BASE64', 'a foreign character', 'AA!A'],
    ['CIPHER_NOT_BASE64', 'a blank where + was', 'AAA AAAA'],
    ['CIPHER_NOT_BASE64', 'a line break', 'AAA\nAAAA'],
    ['CIPHER_NOT_BASE64', '= in the middle', 'AA==AAAA'],
    ['CIPHER_LENGTH_INVALID', 'an empty text', ''],
    ['CIPHER_LENGTH_INVALID', 'one AES block, too short for a header', Buffer.alloc(16).toString('base64')],
    ['CIPHER_LENGTH_INVALID', 'a block and a half', Buffer.alloc(40).toString('base64')],
    ['CIPHER_PADDING_INVALID', 'padding 0', encryptParts(11, 'm'.repeat(11), [0])],
    ['CIPHER_PADDING_INVALID', 'padding 33', encryptParts(11, 'm'.repeat(11), times(33, 33))],
    ['CIPHER_PADDING_INVALID', 'padding bytes that differ', encryptParts(9, 'm'.repeat(9), [2, 3, 3])],
    ['CIPHER_PADDING_INVALID', 'padding that reaches into the header', encryptParts(13, '', times(12, 13))],
    [
      'CIPHER_MESSAGE_LENGTH_INVALID',
      'a message one byte too long',
      encryptParts(11, 'm'.repeat(10), [2, 2]),
    ],
    [
      'CIPHER_MESSAGE_LENGTH_INVALID',
      'the largest length',
      encryptParts(2 ** 32 - 1, 'm'.repeat(10), [2, 2]),
    ],
    [
      'CIPHER_NOT_UTF8',
      'a message that is not UTF-8',
      encryptParts(3, Buffer.from('6dff6d', 'hex'), times(9, 9)),
    ],
    [
      'CIPHER_NOT_UTF8',
      'a receiveId that is not UTF-8',
      encryptParts(2, Buffer.from('6d6dff', 'hex'), times(9, 9)),
    ],
    ['CIPHER_NOT_UTF8', 'a character cut by the message length', encryptParts(1, '客', times(9, 9))],
  ])('is %s for %s, and the next message opens', (code, _what, encrypted) => {
    expect(outcomeOf(() => cipher.open(encrypted))).toBe(code);
    expect(cipher.open(encrypt(AES_KEY, 'next', CORP_ID)).message).toBe('next');
  });

  it('is an AppError of the cipher, whichever bit of a ciphertext was flipped, unless it opens to something else', () => {
    const good = cipher.seal('客服 '.repeat(20), CORP_ID);
    const bytes = Buffer.from(good, 'base64');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      const outcome = outcomeOf(() => cipher.open(flipped.toString('base64')));
      expect({ bit, outcome }).toEqual({ bit, outcome: expect.stringMatching(/^(opened$|CIPHER_)/) });
    }
    expect(cipher.open(good).receiveId).toBe(CORP_ID);
  });
});

it('opens 2,000 interleaved messages of two keys, failures among them, each to itself', () => {
  const randomText = randomTexts(SEED);
  const ciphers = { [AES_KEY]: cipherOf(AES_KEY), [OTHER_AES_KEY]: cipherOf(OTHER_AES_KEY) };
  for (let at = 0; at < 2_000; at++) {
    const key = at % 3 === 0 ? AES_KEY : OTHER_AES_KEY;
    const cipher = ciphers[key];
    const message = randomText(at % 90);
    const junk = Buffer.alloc(64, at).toString('base64');
    if (at % 7 === 0) expect(outcomeOf(() => cipher?.open(junk))).toMatch(/^CIPHER_/);
    const opened = cipher?.open(encrypt(key, message, CORP_ID));
    expect({ SEED, at, ...opened }).toEqual({ SEED, at, message, receiveId: CORP_ID });
  }
});

describe("a key's last character", () => {
  const encrypted = encrypt(`${AES_KEY.slice(0, -1)}A`, 'message', CORP_ID);

  it.each(['A', 'B', 'C', 'D'])('has two free bits: %s gives the same', (last) => {
    const cipher = cipherOf(AES_KEY.slice(0, -1) + last);
    expect(cipher.open(encrypted)).toEqual({ message: 'message', receiveId: CORP_ID });
    expect(decrypt(AES_KEY.slice(0, -1) + last, cipher.seal('back', CORP_ID)).message).toBe('back');
  });

  it('has four that count: E is another key', () => {
    expect(outcomeOf(() => cipherOf(`${AES_KEY.slice(0, -1)}E`).open(encrypted))).toMatch(/^CIPHER_/);
  });
});
