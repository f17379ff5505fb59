import { gzipSync } from 'node:zlib';
import { expect, it } from '@jest/globals';
import { AnswerProbe } from './answer-probe.js';

const JSON_TYPE = ['Content-Type', 'application/json; charset=UTF-8'];
const EXPIRED = '{"errcode":42001,"errmsg":"access_token expired"}';

function head(headers: readonly string[], status = 200) {
  return { status, statusText: 'OK', headers };
}

function probed(body: string | Buffer, headers: readonly string[] = JSON_TYPE, status = 200): number | null {
  const probe = new AnswerProbe(false);
  expect(probe.begin(head(headers, status))).toBe(false);
  for (const byte of Buffer.from(body)) expect(probe.add(Buffer.of(byte))).toBe(false);
  expect(probe.release()).toEqual([]);
  return probe.answer()?.errcode ?? null;
}

it('finds the errcode of a JSON answer, in whatever pieces and wherever it stands', () => {
  expect(probed(EXPIRED)).toBe(42001);
  expect(probed('{"msg_list":[{"errcode":42001}],"errmsg":"ok","errcode":0}')).toBe(0);
  expect(probed(gzipSync(EXPIRED), [...JSON_TYPE, 'content-encoding', 'gzip'])).toBe(42001);
});

it.each<[string, string | Buffer, readonly string[], number]>([
  ['another type', EXPIRED, ['content-type', 'image/png'], 200],
  ['no type', EXPIRED, [], 200],
  ['another status', EXPIRED, JSON_TYPE, 404],
  ['more than an error has', `${EXPIRED}${' '.repeat(4_096)}`, JSON_TYPE, 200],
  ['a length that says so', EXPIRED, [...JSON_TYPE, 'content-length', '4097'], 200],
  ['no JSON', '<html>', JSON_TYPE, 200],
  ['an errcode that is no number', '{"errcode":"42001"}', JSON_TYPE, 200],
  ['a list', '[42001]', JSON_TYPE, 200],
  ['nothing', '', JSON_TYPE, 200],
  ['an unknown encoding', EXPIRED, [...JSON_TYPE, 'content-encoding', 'zstd'], 200],
  ['what does not unpack', EXPIRED, [...JSON_TYPE, 'content-encoding', 'gzip'], 200],
  ['a bomb', gzipSync(Buffer.alloc(3_000_000)), [...JSON_TYPE, 'content-encoding', 'gzip'], 200],
])('finds none in %s', (_what, body, headers, status) => {
  expect(probed(body, headers, status)).toBeNull();
});

it('holds a short answer back until it is whole, when it is told to', () => {
  const probe = new AnswerProbe(true);
  expect(probe.begin(head(JSON_TYPE))).toBe(true);
  const [first, second] = [Buffer.from(EXPIRED.slice(0, 9)), Buffer.from(EXPIRED.slice(9))];
  expect([probe.add(first), probe.add(second)]).toEqual([true, true]);
  expect(probe.answer()).toMatchObject({ errcode: 42001 });
  expect(probe.release()).toEqual([first, second]);
  expect(probe.release()).toEqual([]);
});

it('lets go of one that turns out to be long', () => {
  const probe = new AnswerProbe(true);
  probe.begin(head(JSON_TYPE));
  const start = Buffer.alloc(4_096, ' ');
  expect(probe.add(start)).toBe(true);
  expect(probe.add(Buffer.of(32))).toBe(false);
  expect(probe.release()).toEqual([start]);
  expect(probe.add(Buffer.of(32))).toBe(false);
  expect(probe.release()).toEqual([]);
  expect(probe.answer()).toBeNull();
});

it('never holds back what is no JSON', () => {
  const probe = new AnswerProbe(true);
  expect(probe.begin(head(['content-type', 'audio/amr']))).toBe(false);
  expect(probe.add(Buffer.of(1))).toBe(false);
});
