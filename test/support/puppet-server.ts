/** A puppet on a real socket: takes what it is sent, remembers it, and answers as it is told. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { whenServed } from './until.js';
import type { WecomApp } from './wecom.js';

export interface Received {
  /** Path and query as they came over the wire. */
  readonly target: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly bodyBytes: Buffer;
}

export type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;

export const TAKE: Behaviour = (_request, response) => {
  response.end('success');
};

export interface PuppetServer {
  /** Without a slash at its end. */
  readonly url: string;
  readonly received: Received[];
  /** How many sockets are open now. */
  sockets(): Promise<number>;
  behave(behaviour: Behaviour): void;
  /** Resolves with the next thing that arrives. */
  next(): Promise<Received>;
  close(): Promise<void>;
}

export async function startPuppetServer(behaviour: Behaviour = TAKE, port = 0): Promise<PuppetServer> {
  const received: Received[] = [];
  const waiting: ((received: Received) => void)[] = [];
  let behave = behaviour;
  const server = createServer(async (request, response) => {
    const bodyBytes = Buffer.concat(await request.toArray());
    const target = request.url ?? '/';
    const url = new URL(target, 'http://puppet');
    const item = {
      target,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body: bodyBytes.toString('utf8'),
      bodyBytes,
    };
    received.push(item);
    waiting.splice(0).forEach((resolve) => void resolve(item));
    behave(request, response);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    sockets: () =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      ),
    behave: (next) => {
      behave = next;
    },
    next: () => new Promise((resolve) => waiting.push(resolve)),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** What a puppet of `app` says when it registers. */
export function registrationOf(app: WecomApp, openKfId: string, endpoint: string): Record<string, string> {
  return {
    kfId: openKfId,
    kfName: '客服一号',
    endpoint,
    corpId: app.corpId,
    corpSecret: 'corp-secret-of-the-tests',
    token: app.token,
    encodingAESKey: app.encodingAESKey,
  };
}

export async function register(
  managerUrl: string,
  app: WecomApp,
  openKfId: string,
  endpoint: string,
): Promise<void> {
  const url = `${managerUrl}/puppetWxkfManager/register`;
  const response = await whenServed(() => postJson(url, registrationOf(app, openKfId, endpoint)));
  if (response.status !== 200)
    throw new Error(`register was answered ${response.status}: ${await response.text()}`);
}

export function postJson(url: string, body: unknown): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}
