/** The puppets and WeCom of the run, on loopback and always well: what a hostile input meets is its own doing. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Servers {
  readonly puppetOrigin: string;
  readonly wecomOrigin: string;
  /** How many deliveries came to that account's endpoint. */
  deliveriesTo(openKfId: string): number;
  close(): Promise<void>;
}

export async function startServers(): Promise<Servers> {
  const deliveries = new Map<string, number>();
  const puppets = await listen((request, response) => {
    const [, openKfId = ''] = (request.url ?? '').split('/');
    // What hostile endpoints are called is no use to anybody and could be anything.
    if (/^wk[a-z0-9]+$/.test(openKfId)) deliveries.set(openKfId, (deliveries.get(openKfId) ?? 0) + 1);
    response.end('success');
  });
  const wecom = await listen(answerAsWecom);
  return {
    puppetOrigin: originOf(puppets),
    wecomOrigin: originOf(wecom),
    deliveriesTo: (openKfId) => deliveries.get(openKfId) ?? 0,
    close: async () => {
      await Promise.all([puppets, wecom].map(close));
    },
  };
}

/** Takes every secret, since those that are refused have a budget, and a spent one is another kind of test. */
function answerAsWecom(request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://wecom');
  const token = `token-of-${searchParams.get('corpid')?.length}-${searchParams.get('corpsecret')?.length}`;
  const isToken = pathname === '/cgi-bin/gettoken';
  response.setHeader('Content-Type', 'application/json; charset=UTF-8');
  response.end(
    JSON.stringify({ errcode: 0, errmsg: 'ok', ...(isToken && { access_token: token, expires_in: 7_200 }) }),
  );
}

async function listen(serve: (request: IncomingMessage, response: ServerResponse) => void): Promise<Server> {
  const server = createServer((request, response) => {
    request.on('error', () => undefined).resume();
    serve(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function originOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}
