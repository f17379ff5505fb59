/** docs/reference/protocol.md: its test vectors open as they are printed, and what it says of lengths and forms is the code's. */
import { createDecipheriv } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { decrypt, getSignature } from '@wecom/crypto';
import { isSignedWith, WecomCipher } from '../../src/crypto/wecom-cipher.js';
import { Secret } from '../../src/kernel/secret.js';
import { toAesKeyBytes } from '../../src/kernel/wecom-format.js';
import {
  BOT_FRAME_BYTES_MAX,
  FRAME_BYTES_MAX,
  GOAWAY_REASONS,
  HEARTBEAT_S,
  readFrame,
  STREAM_VERSION,
} from '../../src/stream/protocol/frames.js';

interface Vector {
  readonly name: string;
  readonly encrypted: string;
  readonly timestamp: string;
  readonly nonce: string;
  readonly msgSignature: string;
  readonly pad: number;
  readonly message: string;
  readonly receiveId: string;
}

const SECTION = readFileSync('docs/reference/protocol.md', 'utf8').split('### Test vectors')[1] ?? '';
const [, token = '', encodingAESKey = '', corpId = ''] =
  /With Token `(\w+)` and EncodingAESKey `(\w+)`, for the corp `(\w+)`/.exec(SECTION) ?? [];
const VECTORS: readonly Vector[] = JSON.parse(/```json\n(.*?)```/s.exec(SECTION)?.[1] ?? '[]');
const cipher = new WecomCipher(new Secret(encodingAESKey));

function opensWithPaddingCheck(encrypted: string): boolean {
  const key = toAesKeyBytes(encodingAESKey);
  const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16));
  decipher.update(encrypted, 'base64');
  try {
    decipher.final();
    return true;
  } catch {
    return false;
  }
}

it('has vectors, one of which is for another corp', () => {
  expect(VECTORS).toHaveLength(4);
  expect(VECTORS.filter(({ receiveId }) => receiveId !== corpId).map(({ name }) => name)).toEqual([
    'event for another corp: refuse',
  ]);
});

it.each(VECTORS)('opens as printed: $name', (vector) => {
  const { encrypted, timestamp, nonce, msgSignature, message, receiveId } = vector;
  expect(isSignedWith(new Secret(token), { msgSignature, timestamp, nonce, encrypted })).toBe(true);
  expect(cipher.open(encrypted)).toEqual({ message, receiveId });
});

it.each(VECTORS)('opens the same by the library of WeCom: $name', (vector) => {
  const { encrypted, timestamp, nonce, msgSignature, message, receiveId } = vector;
  expect(getSignature(token, timestamp, nonce, encrypted)).toBe(msgSignature);
  expect(decrypt(encodingAESKey, encrypted)).toMatchObject({ message, id: receiveId });
});

it.each(VECTORS)('is padded as printed, and fails the check of OpenSSL beyond 16: $name', (vector) => {
  const { encrypted, pad } = vector;
  const length = Buffer.from(encrypted, 'base64').length;
  const { message, receiveId } = cipher.open(encrypted);
  expect(length - 20 - Buffer.byteLength(message + receiveId)).toBe(pad);
  expect(opensWithPaddingCheck(encrypted)).toBe(pad <= 16);
});

describe('the stream', () => {
  const [, section = ''] =
    /\n## The stream\n(.*?)\n## /s.exec(readFileSync('docs/reference/protocol.md', 'utf8')) ?? [];
  const [hello = [], ofManager = [], ofBot = []] = [...section.matchAll(/```json\n(.*?)```/gs)].map(
    ([, code = '']) => code.trimEnd().split('\n'),
  );

  it.each([...hello, ...ofBot])('takes the frame of a bot as it is printed: %s', (text) => {
    expect(readFrame(text)).toMatchObject({ type: JSON.parse(text).type });
  });

  it('has each frame of the manager, and each reason of its goaway', () => {
    const types = new Set(ofManager.map((text): string => JSON.parse(text).type));
    expect([...types].sort()).toEqual(['event', 'goaway', 'ping', 'pong', 'ready', 'role']);
    for (const reason of GOAWAY_REASONS) expect(section).toContain(`| \`${reason}\` |`);
  });

  it('prints the version and the limits that count', () => {
    expect(JSON.parse(hello[0] ?? '').version).toBe(STREAM_VERSION);
    expect(JSON.parse(ofManager[0] ?? '').heartbeatS).toBe(HEARTBEAT_S);
    expect(section).toContain(`at most ${(FRAME_BYTES_MAX / 1_024).toLocaleString('en')} kB`);
    expect(section).toContain(`at most ${BOT_FRAME_BYTES_MAX / 1_024} kB`);
  });
});
