import { createCipheriv } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Secret } from '../kernel/secret.js';
import { CORP_SECRET_FORMAT } from '../kernel/wecom-format.js';
import { isSealed, keyIdOf, SealError, Sealer } from './sealer.js';

const KEY = new Secret(Buffer.from(Array.from({ length: 32 }, (_, n) => n)).toString('base64'));
const OTHER_KEY = new Secret(Buffer.alloc(32, 7).toString('base64'));
const IDENTITY = ['puppet', 'wkAccount-1', 'wwCorp_1', 'corpSecret'];
const TEXT = 'corp-secret_+/of=it';

const KNOWN_VECTOR = 'sealed v1 f697efbc AAECAwQFBgcICQoLLGy5bKvFsX7uM_L_vUpXXlwgCxV_inyelIV9yQ';

const sealer = new Sealer([KEY]);
const sealed = sealer.seal(TEXT, IDENTITY);

/** What `open` throws. */
function refusalOf(text: string, by = sealer, identity: readonly string[] = IDENTITY): SealError {
  try {
    by.open(text, identity);
  } catch (error) {
    if (error instanceof SealError) return error;
    throw error;
  }
  throw new Error('it opened');
}

describe('sealing', () => {
  it.each([TEXT, 'x', '口令 "\' \\ \u0000 \u{1F511} \r\n', 'long'.repeat(1_000)])('gives back %j', (text) => {
    expect(sealer.open(sealer.seal(text, IDENTITY), IDENTITY)).toBe(text);
  });

  it('gives another text every time, which shows the key’s id and nothing of what is in it', () => {
    expect(sealer.seal(TEXT, IDENTITY)).not.toBe(sealed);
    expect(sealed).toMatch(/^sealed v1 [0-9a-f]{8} [A-Za-z0-9_-]+$/);
    expect(sealed).not.toContain(TEXT);
    expect(Buffer.from(sealed.slice(19), 'base64url')).toHaveLength(12 + TEXT.length + 16);
  });

  it('leaves an empty text empty: there is no secret', () => {
    expect(sealer.seal('', IDENTITY)).toBe('');
    expect(sealer.open('', IDENTITY)).toBe('');
  });

  it('gives what no puppet can register', () => {
    expect(CORP_SECRET_FORMAT.pattern.test(sealed)).toBe(false);
    expect([isSealed(sealed), isSealed(TEXT), isSealed('sealed.v1.x')]).toEqual([true, false, false]);
  });

  it('seals a text that looks sealed like any other', () => {
    const twice = sealer.seal(sealed, IDENTITY);
    expect(sealer.open(twice, IDENTITY)).toBe(sealed);
  });
});

describe('opening', () => {
  it('gives a plain text as it is', () => {
    expect(sealer.open(TEXT, IDENTITY)).toBe(TEXT);
  });

  it('opens what AES-256-GCM of another maker sealed: nonce, text, tag', () => {
    const cipher = createCipheriv('aes-256-gcm', Buffer.from(KEY.reveal(), 'base64'), Buffer.alloc(12, 9));
    cipher.setAAD(Buffer.from('["puppet","wkAccount-1","wwCorp_1","corpSecret"]'));
    const bytes = [Buffer.alloc(12, 9), cipher.update(TEXT), cipher.final(), cipher.getAuthTag()];
    const text = `sealed v1 ${keyIdOf(Buffer.from(KEY.reveal(), 'base64'))} ${Buffer.concat(bytes).toString('base64url')}`;
    expect(sealer.open(text, IDENTITY)).toBe(TEXT);
  });

  it('opens what an earlier version sealed', () => {
    expect(sealer.open(KNOWN_VECTOR, IDENTITY)).toBe('known secret');
  });

  it('refuses a text with any one bit changed', () => {
    const bytes = Buffer.from(sealed.slice(19), 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const refusal = refusalOf(sealed.slice(0, 19) + changed.toString('base64url'));
      expect(refusal).toMatchObject({ isKeyUnknown: false, keyId: sealed.slice(10, 18) });
    }
  });

  it('refuses a text that was cut at any place', () => {
    for (let length = 'sealed v'.length; length < sealed.length; length++) {
      expect(refusalOf(sealed.slice(0, length)).isKeyUnknown).toBe(false);
    }
  });

  it.each([
    ['kf account', ['puppet', 'wkAccount-2', 'wwCorp_1', 'corpSecret']],
    ['corp', ['puppet', 'wkAccount-1', 'wwCorp_2', 'corpSecret']],
    ['field', ['puppet', 'wkAccount-1', 'wwCorp_1', 'token']],
    ['parts, which only look the same together', ['puppet', 'wkAccount-1', 'wwCorp_1corpSecret', '']],
    ['kind of record', ['accessToken', 'wkAccount-1', 'wwCorp_1', 'corpSecret']],
  ])('refuses what belongs to another %s', (_what, identity) => {
    expect(refusalOf(sealed, sealer, identity)).toMatchObject({ isKeyUnknown: false });
  });

  it('refuses what a key has sealed that it does not have, and names that key', () => {
    const keyId = keyIdOf(Buffer.from(KEY.reveal(), 'base64'));
    for (const by of [new Sealer([OTHER_KEY]), new Sealer([])]) {
      expect(refusalOf(sealed, by)).toMatchObject({ isKeyUnknown: true, keyId });
    }
  });

  it('refuses what another key has sealed under the id of one that it has', () => {
    const other = new Sealer([OTHER_KEY]);
    const renamed = other.seal(TEXT, IDENTITY).replace(/^sealed v1 \w{8}/, sealed.slice(0, 18));
    expect(refusalOf(renamed)).toMatchObject({ isKeyUnknown: false });
  });

  it('refuses what a later version has sealed', () => {
    expect(refusalOf(sealed.replace('v1', 'v2')).isKeyUnknown).toBe(false);
  });

  it('tells nothing of a text that it refuses', () => {
    expect(String(refusalOf(sealed, new Sealer([])))).not.toContain(sealed.slice(19));
  });
});

describe('several keys', () => {
  const rotating = new Sealer([OTHER_KEY, KEY]);

  it('seal with the first and open with all', () => {
    expect(rotating.open(sealed, IDENTITY)).toBe(TEXT);
    expect(new Sealer([OTHER_KEY]).open(rotating.seal(TEXT, IDENTITY), IDENTITY)).toBe(TEXT);
  });

  it('tell what the first has sealed from what has to be sealed anew', () => {
    const texts = [rotating.seal(TEXT, IDENTITY), sealed, TEXT, ''];
    expect(texts.map((text) => rotating.isCurrent(text))).toEqual([true, false, false, true]);
  });
});

describe('no key', () => {
  const open = new Sealer([]);

  it('leaves texts as they are', () => {
    expect(open.seal(TEXT, IDENTITY)).toBe(TEXT);
    expect(open.open(TEXT, IDENTITY)).toBe(TEXT);
    expect([TEXT, sealed, ''].map((text) => open.isCurrent(text))).toEqual([true, false, true]);
  });
});
