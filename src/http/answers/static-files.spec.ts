import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type FastifyInstance, fastify } from 'fastify';
import { Turns } from '../../kernel/turns.js';
import { KEPT_FOR_A_YEAR, StaticFiles } from './static-files.js';

const LARGE_BYTES = 200_000;
const SCRIPT = 'console.log("客服");'.repeat(40);

let folder: string;
let app: FastifyInstance;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wxkf-test-'));
  const open = join(folder, 'open');
  mkdirSync(join(open, 'deep'), { recursive: true });
  writeFileSync(join(folder, 'outside.js'), 'outside');
  writeFileSync(join(open, 'app.js'), SCRIPT);
  writeFileSync(join(open, 'app.js.br'), brotliCompressSync(SCRIPT));
  writeFileSync(join(open, 'app.js.gz'), gzipSync(SCRIPT));
  writeFileSync(join(open, 'deep/plain.svg'), '<svg/>');
  writeFileSync(join(open, 'letters'), 'abc');
  writeFileSync(join(open, 'large'), Buffer.alloc(LARGE_BYTES));
  writeFileSync(join(open, '.hidden'), 'hidden');
  app = fastify();
  const files = new StaticFiles(open);
  app.get('/*', async (request, reply) => {
    const { '*': path } = request.params as { '*': string };
    await files.answer(path, KEPT_FOR_A_YEAR, request, reply);
    return reply;
  });
});

afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

const ask = (url: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET') =>
  app.inject({ method, url, headers });

describe('a large file', () => {
  it('is sent in pieces, and takes no turn of others where it is not asked for but its length', async () => {
    const take = jest.spyOn(Turns.prototype, 'next');
    expect((await ask('/large', {}, 'HEAD')).headers['content-length']).toBe(String(LARGE_BYTES));
    expect(take).not.toHaveBeenCalled();
    const { headers, rawPayload } = await ask('/large');
    expect([headers['content-length'], rawPayload.length]).toEqual([String(LARGE_BYTES), LARGE_BYTES]);
    expect(take).toHaveBeenCalledTimes(4);
    take.mockRestore();
  });
});

describe('a file', () => {
  it.each([
    ['br', 'gzip, deflate, br, zstd'],
    ['gzip', 'gzip'],
    ['gzip', 'br;q=0.5, gzip'],
    ['br', '*'],
  ])('is sent as %s to who accepts %s', async (encoding, accepted) => {
    const { headers, rawPayload } = await ask('/app.js', { 'accept-encoding': accepted });
    expect(headers).toMatchObject({
      'content-encoding': encoding,
      'content-type': 'application/javascript; charset=utf-8',
      'content-length': String(rawPayload.length),
      vary: 'Accept-Encoding',
    });
    expect(rawPayload).toEqual(encoding === 'br' ? brotliCompressSync(SCRIPT) : gzipSync(SCRIPT));
  });

  it.each(['', 'identity', 'zstd', 'br;q=0, gzip;q=0'])(
    'is sent as it is to who accepts %j',
    async (accepted) => {
      const { headers, payload } = await ask('/app.js', { 'accept-encoding': accepted });
      expect(headers).not.toHaveProperty('content-encoding');
      expect(headers).toMatchObject({ vary: 'Accept-Encoding', 'cache-control': KEPT_FOR_A_YEAR });
      expect(payload).toBe(SCRIPT);
    },
  );

  it.each([
    ['/deep/plain.svg', 'image/svg+xml', '<svg/>'],
    ['/letters', 'application/octet-stream', 'abc'],
  ])('%s that nothing lies beside is sent as it is, as %s', async (url, type, content) => {
    const { headers, payload } = await ask(url, { 'accept-encoding': 'br' });
    expect([headers['content-type'], headers['content-encoding'], payload]).toEqual([
      type,
      undefined,
      content,
    ]);
  });

  it.each(['br', 'identity'])('that has not changed is not sent again, as %s', async (accepted) => {
    const asked = { 'accept-encoding': accepted };
    const { headers } = await ask('/app.js', asked);
    const again = await ask('/app.js', { ...asked, 'if-none-match': String(headers.etag) });
    expect([again.statusCode, again.payload]).toEqual([304, '']);
    expect(again.headers).toMatchObject({ etag: headers.etag, 'cache-control': KEPT_FOR_A_YEAR });
    const other = await ask('/app.js', { ...asked, 'if-none-match': 'W/"other"' });
    expect(other.statusCode).toBe(200);
  });

  it('has an etag for each encoding', async () => {
    const answers = await Promise.all(
      ['br', 'gzip', ''].map((accepted) => ask('/app.js', { 'accept-encoding': accepted })),
    );
    expect(new Set(answers.map(({ headers }) => headers.etag)).size).toBe(3);
  });

  it('is told of without its content', async () => {
    const { statusCode, headers, payload } = await ask('/app.js', {}, 'HEAD');
    expect([statusCode, payload]).toEqual([200, '']);
    expect(headers['content-length']).toBe(String(Buffer.byteLength(SCRIPT)));
  });
});

it.each([
  '/nothing.js',
  '/',
  '/deep',
  '/deep/',
  '/.hidden',
  '/../outside.js',
  '/..%2foutside.js',
  '/%2e%2e/outside.js',
  '/%2e%2e%2foutside.js',
  '/%252e%252e%252foutside.js',
  '/deep/..%2f..%2foutside.js',
  '/..%5coutside.js',
  '/%2fetc/passwd',
  '/%00',
  '/app.js%00.svg',
  '/app.js%2f',
  '/%e5%ae%a2%e6%9c%8d.js',
  '/%25.js',
])('%s is no file of the folder', async (url) => {
  const { statusCode, json, headers } = await ask(url, { 'accept-encoding': 'br' });
  expect([statusCode, json().code]).toEqual([500, 'ROUTE_NOT_FOUND']);
  expect(headers).not.toHaveProperty('cache-control');
});
