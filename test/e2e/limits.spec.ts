/**
 * What one caller can take from the others of the built process: sockets, time, lines of the log. What looks into
 * the store does so on both, embedded and MongoDB.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type CallAnswer, call, jsonOf, postJsonBody } from '../support/http-call.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { Samples } from '../support/metrics.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { type PuppetServer, registrationOf, startPuppetServer } from '../support/puppet-server.js';
import { onEachStoreNightly } from '../support/each-store.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId, sealCallback, sendMessage, type WecomApp } from '../support/wecom.js';

const OPERATOR = 'secret-of-the-operators';
const PUPPET = 'secret-of-the-puppets';
const AS_OPERATOR = ['Authorization', `Bearer ${OPERATOR}`];
const AS_PUPPET = ['Authorization', `Bearer ${PUPPET}`];
const PER_ADDRESS_MAX = 4;
const IN_ALL_MAX = 24;
const HALF_A_REQUEST = 'POST /callback/ww1 HTTP/1.1\r\nHost: x\r\nX-Slow: ';

let place: Place;
let manager: ManagerProcess;

function managerWith(env: Readonly<Record<string, string>>, newPlace = embeddedPlace): void {
  beforeAll(async () => {
    place = newPlace();
    manager = await startManager({ ...place.env, HOST: '127.0.0.1', ...env });
  });

  afterAll(async () => {
    await manager.stop();
    await place.discard();
  });
}

/** A connection from one of the loopback addresses, each of which is another caller. */
async function socketFrom(localAddress: string): Promise<Socket> {
  const { hostname, port } = new URL(manager.url);
  const socket = connect({ host: hostname, port: Number(port), localAddress });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

async function socketsFrom(localAddress: string, count: number): Promise<Socket[]> {
  return Promise.all(Array.from({ length: count }, () => socketFrom(localAddress)));
}

/** @returns the status of the answer, or `closed` where the connection ended without one. */
async function ask(
  socket: Socket,
  headers: readonly string[] = [],
  target = '/health/live',
): Promise<string> {
  const head = [`GET ${target} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...headers];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  const answer = await text(socket).catch(() => '');
  return /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 'closed';
}

async function closeAll(sockets: readonly Socket[]): Promise<void> {
  await Promise.all(
    sockets.map(async (socket) => {
      if (socket.closed) return;
      socket.destroy();
      await once(socket, 'close');
    }),
  );
}

/** Those whose end came have left the count only when the manager has seen it, too. */
async function untilServed(localAddress: string): Promise<void> {
  await until(async () => (await ask(await socketFrom(localAddress))) === '200');
}

/** A database that is busy with other tests may be too slow once; no limit counts that. */
async function untilLookedUp(ask: () => Promise<CallAnswer>): Promise<CallAnswer> {
  for (;;) {
    const answer = await ask();
    if (answer.status !== 503) return answer;
  }
}

/** Everything before is in the log when this is. */
async function untilLogged(): Promise<void> {
  const requestId = `last-${manager.log.length}`;
  await call(`${manager.url}/nothing`, { headers: ['x-request-id', requestId] });
  await manager.line((line) => line.requestId === requestId);
}

const refusedLine = () => manager.line(({ msg }) => msg === 'http.connections_refused');

/** On a connection that is closed with the answer. */
async function metrics(): Promise<Samples> {
  const { body } = await call(`${manager.url}/metrics`, { headers: AS_OPERATOR });
  return new Samples(body.toString());
}

/** By the limit. */
async function refusedConnections(): Promise<[limit: string | undefined, count: number][]> {
  const counted = (await metrics()).find('wxkf_http_connections_refused_total');
  return counted.map(({ labels, value }) => [labels.limit, value]);
}

/** With the secret of puppets. */
async function registerWith(app: WecomApp, openKfId: string, endpoint: string): Promise<void> {
  const { headers = [], ...options } = postJsonBody(registrationOf(app, openKfId, endpoint));
  const url = `${manager.url}/puppetWxkfManager/register`;
  const registered = await call(url, { ...options, headers: [...headers, ...AS_PUPPET] });
  expect(registered.status).toBe(200);
}

describe('connections', () => {
  managerWith({
    CONNECTIONS_MAX: `${IN_ALL_MAX}`,
    CONNECTIONS_PER_ADDRESS_MAX: `${PER_ADDRESS_MAX}`,
    TRUST_PROXY: '127.0.0.9',
  });

  it('from one address beyond their number are closed at once, counted, and told', async () => {
    const open = await socketsFrom('127.0.0.2', PER_ADDRESS_MAX);
    const further = await socketFrom('127.0.0.2');
    expect(await ask(further)).toBe('closed');
    expect(await refusedLine()).toMatchObject({
      level: 40,
      inAll: 0,
      perAddress: 1,
      address: '127.0.0.2',
      ofAddress: 1,
      limits: { inAll: IN_ALL_MAX, perAddress: PER_ADDRESS_MAX },
    });
    expect(await refusedConnections()).toEqual([
      ['in_all', 0],
      ['per_address', 1],
      ['pipelined', 0],
    ]);
    expect(await Promise.all(open.map((socket) => ask(socket)))).toEqual(['200', '200', '200', '200']);
    await untilServed('127.0.0.2');
  });

  it('from one address are those of nobody else', async () => {
    const open = await socketsFrom('127.0.0.3', PER_ADDRESS_MAX);
    expect(await ask(await socketFrom('127.0.0.3'))).toBe('closed');
    expect(await ask(await socketFrom('127.0.0.4'))).toBe('200');
    await closeAll(open);
  });

  it('from one address may be more where a trusted proxy is the peer', async () => {
    const open = await socketsFrom('127.0.0.9', 20);
    expect(new Set(await Promise.all(open.map((socket) => ask(socket))))).toEqual(new Set(['200']));
  });

  it('that are refused are told of in one line, however many there are', async () => {
    const open = await socketsFrom('127.0.0.5', PER_ADDRESS_MAX);
    for (let n = 0; n < 50; n++) expect(await ask(await socketFrom('127.0.0.5'))).toBe('closed');
    await closeAll(open);
    await untilLogged();
    expect(manager.log.filter(({ msg }) => msg === 'http.connections_refused')).toHaveLength(1);
  });

  it('in all beyond their number are closed at once and counted', async () => {
    // Its own alone.
    await until(async () => (await metrics()).value('wxkf_http_connections') === 1);
    const callers = Array.from({ length: IN_ALL_MAX / PER_ADDRESS_MAX }, (_, n) => `127.0.0.${n + 20}`);
    const open = (await Promise.all(callers.map((from) => socketsFrom(from, PER_ADDRESS_MAX)))).flat();
    expect(await ask(await socketFrom('127.0.0.4'))).toBe('closed');
    await closeAll(open);
    await untilServed('127.0.0.4');
    const counted = new Map(await refusedConnections());
    expect(counted.get('in_all')).toBeGreaterThan(0);
  });
});

describe('with secrets for the roles, and no trusted proxy,', () => {
  managerWith({
    AUTH_OPERATOR_TOKEN: OPERATOR,
    AUTH_PUPPET_TOKEN: PUPPET,
    BODIES_MAX_BYTES: String(2 ** 25),
    CALLBACK_BODY_MAX_BYTES: String(2 ** 22),
    LOG_LEVEL: 'info',
  });

  describe('half-sent bodies', () => {
    /** Of one address there may be one, and of all ten. */
    const BYTES = 3_200_000;

    /** A request with all of its body but ten bytes. */
    async function halfSent(
      path: string,
      bytes = BYTES,
      from = '127.0.0.7',
      sent = bytes - 10,
    ): Promise<Socket> {
      const socket = await socketFrom(from);
      const head = [
        `POST ${path} HTTP/1.1`,
        'Host: localhost',
        `Content-Length: ${bytes}`,
        'Connection: close',
      ];
      socket.write(`${head.join('\r\n')}\r\n\r\n${'x'.repeat(sent)}`);
      return socket;
    }

    const statusOn = async (socket: Socket): Promise<string> =>
      /^HTTP\/1\.1 (\d+)/.exec(await text(socket).catch(() => ''))?.[1] ?? 'closed';

    it('are waited for where they may be sent, and nowhere else', async () => {
      expect(await statusOn(await halfSent('/nowhere'))).toBe('404');
      expect(await statusOn(await halfSent('/puppetWxkfManager/register'))).toBe('401');
      expect(await statusOn(await halfSent('/health'))).toBe('405');
      expect(await statusOn(await halfSent('/callback/ww1', 2 * BYTES, undefined, 100_000))).toBe('413');
    });

    it('that are refused write no more lines than what else anybody may send', async () => {
      const lines = () => manager.log.filter(({ error }) => error === 'REQUEST_BODIES_TOO_MANY').length;
      const before = lines();
      const held = await halfSent('/callback/ww1', BYTES, '127.0.0.40');
      // As long as all that one address may send.
      const refused = () => halfSent('/callback/ww1', 2 ** 22, '127.0.0.40', 100_000);
      for (let n = 0; n < 70; n++) expect(await statusOn(await refused())).toBe('503');
      await untilLogged();
      expect(lines() - before).toBe(60);
      await closeAll([held]);
    });

    it('take no more memory than the setting says, and no callback of WeCom waits or fails for them', async () => {
      const app = newApp();
      const openKfId = newOpenKfId();
      const puppet = await startPuppetServer();
      await registerWith(app, openKfId, puppet.url);
      const callers = Array.from({ length: 12 }, (_, n) => `127.0.0.${n + 20}`);
      const held = await Promise.all(callers.map((from) => halfSent('/callback/ww1', BYTES, from)));
      const refused = await Promise.race(held.map(statusOn));
      expect(refused).toBe('503');
      const further = await call(`${manager.url}/callback/ww1`, {
        method: 'POST',
        body: 'x'.repeat(BYTES),
      });
      expect([further.status, jsonOf(further).error]).toEqual([503, 'REQUEST_BODIES_TOO_MANY']);
      expect(further.headers['retry-after']).toBe('1');
      expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
      await closeAll(held);
      await puppet.close();
    });
  });

  describe('a request', () => {
    it('sent ahead of the answers on its connection is served, up to 16 of them, and a connection that brings more is closed and counted', async () => {
      const request = 'GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\n';
      const few = await socketFrom('127.0.0.6');
      few.write(request.repeat(16));
      expect((await ask(few, [], '/docs')) === '200').toBe(true);
      const many = await socketFrom('127.0.0.6');
      many.write(request.repeat(1_500));
      expect(await text(many).catch(() => '')).not.toMatch(/^HTTP\/1.1 (?!200)/m);
      expect(await refusedLine()).toMatchObject({ pipelined: 1, address: '127.0.0.6' });
      expect(await refusedConnections()).toContainEqual(['pipelined', 1]);
      expect((await call(`${manager.url}/health/live`)).status).toBe(200);
    });

    it.each([
      ['one header of 17 kB', '/', [`X-Long: ${'y'.repeat(17_000)}`]],
      ['a target of 17 kB', `/${'y'.repeat(17_000)}`, []],
      [
        'one that counts behind more than a thousand',
        '/',
        [...Array.from({ length: 2_100 }, () => 'a:1'), 'Expect: x'],
      ],
    ])('with %s is answered 431', async (_what, target, headers) => {
      expect(await ask(await socketFrom('127.0.0.1'), headers, target)).toBe('431');
    });

    it('with 15 kB of headers is answered', async () => {
      expect(await ask(await socketFrom('127.0.0.1'), [`X-Long: ${'y'.repeat(15_000)}`])).toBe('200');
    });

    describe('of 300 that are half open', () => {
      const app = newApp();
      const openKfId = newOpenKfId();
      let puppet: PuppetServer;

      beforeAll(async () => {
        puppet = await startPuppetServer();
        await registerWith(app, openKfId, puppet.url);
      });

      afterAll(() => puppet.close());

      it('callbacks go on being answered, and the half requests never are', async () => {
        const half = await socketsFrom('127.0.0.2', 300);
        for (const [n, socket] of half.entries()) {
          const withBody = 'POST /callback/ww1 HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n<xml>';
          socket.write(n % 2 === 0 ? HALF_A_REQUEST : withBody);
        }
        for (let n = 0; n < 50; n++) {
          const response = await sendMessage(manager.url, app, openKfId);
          expect([response.status, await response.text()]).toEqual([200, 'success']);
        }
        expect(puppet.received).toHaveLength(50);
        await closeAll(half);
      });
    });
  });

  describe('wrong credentials of one address', () => {
    const info = (secret: string) =>
      call(`${manager.url}/puppetWxkfManager/puppetWxkfInfo/wk1`, {
        headers: ['Authorization', `Bearer ${secret}`],
      });

    it('are answered 429 when there were too many, and good ones as ever', async () => {
      for (let n = 0; n < 30; n++) expect((await info(`wrong-${n}`)).status).toBe(401);
      const refused = await info('wrong');
      expect(refused.headers).not.toHaveProperty('www-authenticate');
      expect(jsonOf(refused)).toMatchObject({ code: 429, error: 'AUTH_TOO_MANY_FAILED' });
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
      expect((await info(OPERATOR)).status).toBe(404);
    });

    it("are told so in WeCom's shape where WeCom's is spoken", async () => {
      for (const path of ['getToken', 'wxkfRequestProxy/kf/sync_msg']) {
        const refused = await call(`${manager.url}/puppetWxkfManager/${path}`);
        expect([refused.status, jsonOf(refused)]).toEqual([
          429,
          { errcode: 429, errmsg: expect.stringMatching(/^Too many/) },
        ]);
      }
    });

    it('leave one warning in the log and no line each', async () => {
      await untilLogged();
      expect(manager.log.filter(({ msg }) => msg === 'http.too_many_failures')).toEqual([
        expect.objectContaining({ address: '127.0.0.1', failed: 'credentials' }),
      ]);
      expect(manager.log.filter(({ status }) => status === 429)).toEqual([]);
    });

    it('cannot hide behind X-Forwarded-For, which is believed of nobody and told of once', async () => {
      const from = (address: string) =>
        call(`${manager.url}/puppetWxkfManager/puppetWxkfInfo/wk1`, {
          headers: ['X-Forwarded-For', address],
        });
      expect((await from('10.0.0.1')).status).toBe(429);
      expect((await from('10.0.0.2')).status).toBe(429);
      expect(await manager.line(({ msg }) => msg === 'http.proxy_untrusted')).toMatchObject({
        level: 40,
        peer: '127.0.0.1',
        reason: expect.stringContaining('TRUST_PROXY'),
      });
      await untilLogged();
      expect(manager.log.filter(({ msg }) => msg === 'http.proxy_untrusted')).toHaveLength(1);
    });
  });
});

onEachStoreNightly((newPlace) => {
  managerWith(
    {
      AUTH_OPERATOR_TOKEN: OPERATOR,
      AUTH_PUPPET_TOKEN: PUPPET,
      TRUST_PROXY: '127.0.0.1',
      LOG_LEVEL: 'info',
    },
    newPlace,
  );

  describe('refused callbacks of one address', () => {
    const app = newApp();
    const openKfId = newOpenKfId();
    const forged: WecomApp = { ...app, token: 'anotherToken' };
    let puppet: PuppetServer;

    beforeAll(async () => {
      puppet = await startPuppetServer();
      await registerWith(app, openKfId, puppet.url);
    });

    afterAll(() => puppet.close());

    const send = async (from: string, of: WecomApp, message = '<xml><Event>other</Event></xml>') => {
      const { query, body } = sealCallback(of, message);
      return untilLookedUp(() =>
        call(`${manager.url}/callback/${of.corpId}?${new URLSearchParams(query)}`, {
          method: 'POST',
          headers: ['X-Forwarded-For', from, 'Content-Type', 'text/xml'],
          body,
        }),
      );
    };

    it('are answered 429 when there were too many, and good ones 200 all the while', async () => {
      for (let n = 0; n < 60; n++) expect((await send('10.0.0.1', forged)).status).toBe(403);
      for (let n = 0; n < 20; n++) {
        const refused = await send('10.0.0.1', forged);
        expect([refused.status, jsonOf(refused).error]).toEqual([429, 'CALLBACK_TOO_MANY_REFUSED']);
        expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
        expect((await send('10.0.0.1', app)).body.toString()).toBe('success');
      }
      expect((await send('10.0.0.1', newApp())).status).toBe(429);
    });

    it('count for no other address', async () => {
      expect((await send('10.0.0.2', forged)).status).toBe(403);
      expect((await send('10.0.0.1, 10.0.0.3', forged)).status).toBe(403);
    });

    it('have longer ones refused before they are read, which WeCom does not send', async () => {
      const message = `<xml><Event>other</Event><More>${'x'.repeat(15_000)}</More></xml>`;
      expect((await send('10.0.0.4', app, message)).body.toString()).toBe('success');
      for (let n = 0; n < 61; n++) await send('10.0.0.4', forged);
      const refused = await send('10.0.0.4', app, message);
      expect([refused.status, jsonOf(refused).error]).toEqual([429, 'CALLBACK_TOO_MANY_REFUSED']);
      expect((await send('10.0.0.4', app)).body.toString()).toBe('success');
      expect((await send('10.0.0.5', app, message)).body.toString()).toBe('success');
    });

    it('leave one warning of each address in the log and no line each', async () => {
      await untilLogged();
      const warnings = manager.log.filter(({ msg }) => msg === 'http.too_many_failures');
      expect(warnings.map(({ address }) => address)).toEqual(['10.0.0.1', '10.0.0.4']);
      expect(warnings).toEqual([
        expect.objectContaining({
          address: '10.0.0.1',
          failed: 'signatures',
          error: 'CALLBACK_SIGNATURE_MISMATCH',
        }),
        expect.anything(),
      ]);
      expect(manager.log.filter(({ status }) => status === 429)).toEqual([]);
    });

    it('are counted, whatever they were answered', async () => {
      const { details } = jsonOf(await call(`${manager.url}/health`, { headers: AS_OPERATOR })) as {
        details: { callbacks: { refused: number } };
      };
      expect(details.callbacks.refused).toBe(60 + 20 + 1 + 2 + 61);
    });

    it('of a verification are counted as well', async () => {
      const url = `${manager.url}/callback/${newApp().corpId}?msg_signature=${'a'.repeat(40)}&timestamp=1&nonce=1&echostr=AAAA`;
      const verify = () => untilLookedUp(() => call(url, { headers: ['X-Forwarded-For', '10.0.0.7'] }));
      for (let n = 0; n < 60; n++) expect((await verify()).status).toBe(404);
      expect((await verify()).status).toBe(429);
    });
  });

  describe('lines of one address that need no secret and no signature', () => {
    const LINES = 60;
    let callers = 0;
    const newCaller = (): string => `10.7.0.${++callers}`;
    const ask = (from: string, path: string, headers: readonly string[] = [], method = 'GET') =>
      call(manager.url + path, { method, headers: ['X-Forwarded-For', from, ...headers] });
    const logged = async (ids: readonly string[]): Promise<string[]> => {
      await untilLogged();
      const all = new Set(manager.log.map(({ requestId }) => String(requestId)));
      return ids.filter((id) => all.has(id));
    };

    it.each([
      ['a path of slashes', `/console/assets/${'a/'.repeat(4_000)}x`],
      ['a name without end', `/nothing?${'name'.repeat(3_000)}=x`],
      ['a callback', `/callback/ww1?nonce=${'9'.repeat(15_000)}`],
      ['a path that cannot be read', `/%zz${'%zz'.repeat(4_000)}`],
    ])('are short, for %s too', async (_what, path) => {
      const id = `short-${callers}`;
      const { status } = await ask(newCaller(), path, ['x-request-id', id]);
      expect([400, 404]).toContain(status);
      const line = await manager.line(({ requestId }) => requestId === id);
      expect(line.status).toBe(status);
      expect(JSON.stringify(line).length).toBeLessThan(1_024);
    });

    it.each([
      ['no route', 404, '/nothing'],
      ['a wrong query', 400, '/callback/ww1'],
      ['a page that anybody may have', 200, '/docs'],
      ['a probe in another spelling', 200, '/%68ealth/live'],
    ])('are %s: beyond 60 a minute they are left out, and answered as ever', async (_what, status, path) => {
      const caller = newCaller();
      const ids = Array.from({ length: LINES + 10 }, (_, n) => `many-${callers}-${n}`);
      for (const id of ids) {
        expect((await ask(caller, path, ['x-request-id', id])).status).toBe(status);
      }
      expect(await logged(ids)).toEqual(ids.slice(0, LINES));
      const good = ['operator', 'other'].map((who) => `${who}-${callers}`);
      const [operators = '', others = ''] = good;
      await ask(caller, '/api/v1/status', [...AS_OPERATOR, 'x-request-id', operators]);
      await ask(newCaller(), path, ['x-request-id', others]);
      expect(await logged(good)).toEqual(good);
    });

    it('do not count a callback or a call with a secret, good or bad', async () => {
      const [caller, app, openKfId] = [newCaller(), newApp(), newOpenKfId()];
      await registerWith(app, openKfId, 'http://127.0.0.1:1');
      const ids = Array.from({ length: LINES + 10 }, (_, n) => `good-${callers}-${n}`);
      for (const [n, id] of ids.entries()) {
        const { query, body } = sealCallback(app, '<xml><Event>other</Event></xml>');
        const headers = ['X-Forwarded-For', caller, 'x-request-id', id];
        if (n % 2 === 0)
          await ask(caller, '/puppetWxkfManager/register', [...AS_PUPPET, 'x-request-id', id], 'POST');
        else
          await call(`${manager.url}/callback/${app.corpId}?${new URLSearchParams(query)}`, {
            method: 'POST',
            headers,
            body,
          });
      }
      await ask(caller, '/nothing', ['x-request-id', 'after-all-of-them']);
      expect(await logged([...ids, 'after-all-of-them'])).toEqual([...ids, 'after-all-of-them']);
    });

    it.each([
      ['no HTTP', '127.0.0.77', 'no HTTP at all'],
      ['a URL that cannot be read', '127.0.0.78', 'GET /%zz HTTP/1.1\r\nHost: x\r\nConnection: close'],
    ])('are left out as well where they are of %s', async (_what, from, bytes) => {
      const refused = () => manager.log.filter(({ msg }) => msg === 'http.refused').length;
      await untilLogged();
      const before = refused();
      for (let n = 0; n < LINES + 10; n++) {
        const socket = await socketFrom(from);
        socket.write(`${bytes}\r\n\r\n`);
        expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 /);
      }
      await untilLogged();
      expect(refused() - before).toBe(LINES);
    });

    it('have one warning, which says from where', async () => {
      await untilLogged();
      const warnings = manager.log.filter(({ msg }) => msg === 'http.too_many_lines');
      expect(warnings.length).toBeGreaterThan(0);
      expect(warnings.length).toBeLessThanOrEqual(2);
      expect(warnings[0]).toMatchObject({
        level: 40,
        lines: 1,
        address: expect.stringMatching(/^10\.7\.0\.\d+$/),
        ofAddress: 1,
        perMinute: LINES,
      });
    });
  });
});
