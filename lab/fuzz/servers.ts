/** The puppets and WeCom of the run, on loopback and always well: what a hostile input meets is its own doing. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startTokenServer } from '../../test/support/token-server.js';

export interface Servers {
  readonly puppetOrigin: string;
  /** Of a WeCom that knows nothing else. */
  readonly tokenUrl: string;
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
  // It takes every secret: those that are refused have a budget, and a spent one is another kind of test.
  const wecom = await startTokenServer();
  return {
    puppetOrigin: originOf(puppets),
    tokenUrl: wecom.url,
    deliveriesTo: (openKfId) => deliveries.get(openKfId) ?? 0,
    close: async () => {
      await Promise.all([close(puppets), wecom.close()]);
    },
  };
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
