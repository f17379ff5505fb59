import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  blackHole,
  client,
  clock,
  closeAll,
  deliver,
  endpointAt,
  holdingPuppet,
  kfParcel,
  openClient,
  puppetAt,
  puppetServer,
  rawServer,
  resultsOf,
  SOCKETS,
  startMany,
  TAKEN,
  untilReceived,
} from '../../../test/support/delivery.js';

beforeEach(openClient);
afterEach(closeAll);

describe('what a puppet is sent', () => {
  it('is the raw callback byte for byte, with its three query parameters', async () => {
    const server = await puppetServer();
    const body = Buffer.from([
      0xef, 0xbb, 0xbf, 0x3c, 0x78, 0x3e, 0x00, 0xff, 0xfe, 0xc3, 0x28, 0x0d, 0x0a, 0x0a,
    ]);
    const raw = { msgSignature: 'ab'.repeat(20), timestamp: '1700000000', nonce: '42', body };
    expect(await deliver(server.url, { raw })).toEqual({ taken: true, status: 200 });
    const [received] = server.received;
    expect(received?.bodyBytes.equals(body)).toBe(true);
    expect(received?.target).toBe(`/callback?msg_signature=${'ab'.repeat(20)}&timestamp=1700000000&nonce=42`);
    expect(received?.headers).toMatchObject({
      'content-type': 'text/xml',
      'content-length': String(body.length),
    });
  });

  it('is a raw body of 100 kB unharmed', async () => {
    const server = await puppetServer();
    const body = Buffer.from(Array.from({ length: 100_000 }, (_, n) => (n * 7) % 256));
    await deliver(server.url, { raw: { msgSignature: 'a', timestamp: '1', nonce: '2', body } });
    const sha256 = (bytes: Buffer | undefined) =>
      createHash('sha256')
        .update(bytes ?? '')
        .digest('hex');
    expect(sha256(server.received[0]?.bodyBytes)).toBe(sha256(body));
  });

  it('is a nonce with special characters, encoded', async () => {
    const server = await puppetServer();
    const nonce = `a+b/c=&timestamp=0?#%41 "<>\\^\`{|}~'!`;
    const raw = { msgSignature: 'a', timestamp: '1', nonce, body: Buffer.from('<xml/>') };
    expect(await deliver(server.url, { raw })).toMatchObject({ taken: true });
    expect(server.received[0]?.query).toEqual({ msg_signature: 'a', timestamp: '1', nonce });
  });

  it('is the token and the account as JSON when there is no raw form', async () => {
    const server = await puppetServer();
    await deliver(server.url, { syncToken: 'SYNC"令牌', openKfId: 'wkOther' });
    const [received] = server.received;
    expect(received).toMatchObject({ target: '/callback/decrypted' });
    expect(received?.headers['content-type']).toBe('application/json');
    expect(JSON.parse(received?.body ?? '')).toEqual({ token: 'SYNC"令牌', openKfId: 'wkOther' });
  });

  it.each([
    ['with a path', '/bot-7', '/bot-7/callback/decrypted'],
    ['with a slash at its end', '/', '/callback/decrypted'],
    ['with a path and a slash at its end', '/a/bot-7/', '/a/bot-7/callback/decrypted'],
    ['with a path that needs encoding', '/机器人 7', '/%E6%9C%BA%E5%99%A8%E4%BA%BA%207/callback/decrypted'],
  ])('goes to an endpoint %s', async (_what, path, target) => {
    const server = await puppetServer();
    expect(await deliver(server.url + path)).toMatchObject({ taken: true });
    expect(server.received[0]?.target).toBe(target);
  });

  it('bears the id, the time in seconds and the number of the attempt', async () => {
    const server = await puppetServer();
    await clock.advance(1_999);
    const parcel = kfParcel({ id: 'id-of-the-event' }, 3);
    await client.start(parcel, puppetAt(endpointAt(server.url)), () => {}).result;
    expect(server.received[0]).toMatchObject({
      headers: {
        'webhook-id': 'id-of-the-event',
        'webhook-timestamp': String(Date.UTC(2026, 0, 1) / 1000 + 1),
        'x-wxkf-attempt': '3',
      },
    });
  });
});

describe('after the shutdown', () => {
  it('nothing is left open and every result is there', async () => {
    const { server } = await holdingPuppet();
    const idle = await rawServer((socket) => void socket.write(TAKEN));
    const hole = await blackHole();
    await deliver(idle.url);
    const attempts = [...startMany(server.url, 100), ...startMany(hole.url, 5)];
    await untilReceived(server, SOCKETS);
    await client.close();
    const results = await resultsOf(attempts);
    expect(results.filter(({ taken }) => taken)).toEqual([]);
    await idle.allClosed();
    while ((await server.sockets()) > 0) await new Promise(setImmediate);
    expect(clock.pendingTimers).toBe(0);
  });

  it('nothing is begun, to an origin that was known or to a new one', async () => {
    const [known, unknown] = [await puppetServer(), await puppetServer()];
    await deliver(known.url);
    await client.close();
    for (const { url } of [known, unknown]) {
      expect(await deliver(url)).toMatchObject({ taken: false, stage: 'connect' });
    }
    expect(known.received.length + unknown.received.length).toBe(1);
  });
});
