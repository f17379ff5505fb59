import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { readSyncHead, SYNC_HEAD_BYTES } from './sync-answer.js';

const head = (encoding = '') => ({
  status: 200,
  statusText: 'OK',
  headers: ['content-type', 'application/json', ...(encoding === '' ? [] : ['content-encoding', encoding])],
});
/** Customers may write anything. */
const messages = Array.from({ length: 300 }, (_, n) => ({
  msgid: `m${n}`,
  text: { content: '"next_cursor":"x"' },
}));
const LONG = { errcode: 0, errmsg: 'ok', next_cursor: 'c2', has_more: 1, msg_list: messages };

const first = (bytes: Buffer | string) => Buffer.from(bytes).subarray(0, SYNC_HEAD_BYTES);

describe('the head of an answer to sync_msg', () => {
  it.each([
    ['', (text: string) => Buffer.from(text)],
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('has the cursor, in the encoding "%s"', (encoding, pack) => {
    const bytes = first(pack(JSON.stringify(LONG)));
    expect(readSyncHead(head(encoding), bytes)).toEqual({ cursor: 'c2', isAll: false });
  });

  it('has it behind the messages where all of the answer is short', () => {
    const short = { msg_list: [messages[0]], has_more: 0, next_cursor: 'c2', errcode: 0 };
    expect(readSyncHead(head(), first(JSON.stringify(short)))).toEqual({ cursor: 'c2', isAll: true });
  });

  it.each<[string, string]>([
    ['a refusal', '{"errcode":40058,"errmsg":"invalid cursor","next_cursor":"c2"}'],
    ['one without it', '{"errcode":0,"has_more":0,"msg_list":[]}'],
    ['an empty one', '{"errcode":0,"next_cursor":"","has_more":0,"msg_list":[]}'],
    [
      'one that is behind many messages',
      JSON.stringify({ errcode: 0, msg_list: messages, next_cursor: 'c2' }),
    ],
    ['no JSON', 'next_cursor'],
  ])('has none in %s', (_what, text) => {
    expect(readSyncHead(head(), first(text))).toBeNull();
  });

  it('has none where its bytes cannot be unpacked, or WeCom failed', () => {
    expect(readSyncHead(head('gzip'), first(JSON.stringify(LONG)))).toBeNull();
    expect(readSyncHead(head('zstd'), first(JSON.stringify(LONG)))).toBeNull();
    expect(readSyncHead({ ...head(), status: 500 }, first(JSON.stringify(LONG)))).toBeNull();
  });
});
