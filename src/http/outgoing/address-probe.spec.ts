import { once } from 'node:events';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, expect, it } from '@jest/globals';
import { newCertificate } from '../../../test/support/certificate.js';
import { type Behaviour, startPuppetServer } from '../../../test/support/puppet-server.js';
import { refusedUrl } from '../../../test/support/raw-server.js';
import { ProbeError, type ProbeOptions, probe } from './address-probe.js';

const DAY_MS = 86_400_000;
const opened: { close(): unknown }[] = [];

afterEach(async () => {
  for (const server of opened.splice(0)) await server.close();
});

async function urlOf(behaviour: Behaviour): Promise<URL> {
  const server = await startPuppetServer(behaviour);
  opened.push(server);
  return new URL(`${server.url}/callback/ww1?echostr=x`);
}

async function tlsUrlOf(notAfter: Date, address?: number[]): Promise<URL> {
  const server = createTlsServer(newCertificate(notAfter, address), (_request, response) => response.end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  opened.push(server);
  return new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

const failureOf = async (url: URL, options?: ProbeOptions): Promise<unknown[]> => {
  const error = await probe(url, options).catch((reason: unknown) => reason);
  return error instanceof ProbeError ? [error.step, error.code] : [error];
};

it('tells what came back, and follows no redirect', async () => {
  const url = await urlOf((_request, response) => {
    response.writeHead(302, { location: 'http://127.0.0.1:1/', 'content-type': 'text/plain' }).end('moved');
  });
  const answer = await probe(url);
  expect(answer).toMatchObject({
    status: 302,
    location: 'http://127.0.0.1:1/',
    contentType: 'text/plain',
    body: 'moved',
    addresses: ['127.0.0.1'],
    certificateDays: null,
  });
});

it('takes 16 kB and no more', async () => {
  const answerWith = (bytes: number) => urlOf((_request, response) => void response.end('x'.repeat(bytes)));
  expect((await probe(await answerWith(16_384))).body).toHaveLength(16_384);
  expect(await failureOf(await answerWith(16_385))).toEqual(['answer', '']);
});

it('waits for the last byte as long as it may, and no longer', async () => {
  const sockets: Socket[] = [];
  const url = await urlOf((request, response) => {
    sockets.push(request.socket);
    response.writeHead(200).write('1');
  });
  expect(await failureOf(url, { limitMs: 200 })).toEqual(['time', '']);
  await Promise.all(sockets.map((socket) => socket.closed || once(socket, 'close')));
});

it.each([
  [
    'a name that leads nowhere',
    async () => new URL('http://nobody.invalid/'),
    'name',
    /^(ENOTFOUND|EAI_AGAIN)$/,
  ],
  ['a port where nobody listens', async () => new URL(await refusedUrl()), 'connection', /^ECONNREFUSED$/],
  [
    'a connection that is cut',
    () => urlOf((request) => void request.socket.destroy()),
    'connection',
    /^ECONNRESET$/,
  ],
  [
    'TLS where there is none',
    async () => {
      const url = await urlOf(() => {});
      url.protocol = 'https:';
      return url;
    },
    'connection',
    /^EPROTO$/,
  ],
  [
    'a certificate that signed itself',
    () => tlsUrlOf(new Date(Date.now() + DAY_MS)),
    'certificate',
    /^DEPTH_ZERO_SELF_SIGNED_CERT$/,
  ],
])('names the step at which it failed: %s', async (_what, url, step, code) => {
  expect(await failureOf(await url())).toEqual([step, expect.stringMatching(code)]);
});
