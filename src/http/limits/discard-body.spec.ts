import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { discardBody } from './discard-body.js';

const BODY = 'x'.repeat(100_000);

let server: Server;
let seen: string[];
let parsers: Set<unknown>;

/** Discards what comes for `/none`, and answers with the length of what it read. */
beforeEach(async () => {
  seen = [];
  parsers = new Set();
  server = createServer((request, response) => {
    parsers.add((request.socket as Socket & { parser?: unknown }).parser);
    if (request.url === '/none') discardBody(request);
    void lengthOf(request).then(
      (length) => {
        seen.push(`${request.url} ${length}`);
        response.end(`read ${length}\n`);
      },
      () => seen.push(`${request.url} broken off`),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

async function lengthOf(request: IncomingMessage): Promise<number> {
  return (await buffer(request)).length;
}

function requestTo(path: string, options: { last?: boolean } = {}): string {
  const connection = options.last ? 'close' : 'keep-alive';
  return `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: ${connection}\r\nContent-Length: ${BODY.length}\r\n\r\n`;
}

async function open(): Promise<Socket> {
  const socket = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  await once(socket, 'connect');
  return socket;
}

describe('a body that is discarded', () => {
  it('is not read, and the next one of its connection is', async () => {
    const socket = await open();
    socket.write(
      requestTo('/none') + BODY + requestTo('/some') + BODY + requestTo('/none', { last: true }) + BODY,
    );
    expect(await text(socket)).toContain(`read ${BODY.length}`);
    expect(seen).toEqual(['/none 0', `/some ${BODY.length}`, '/none 0']);
  });

  it('is no more discarded for the connection that has its parser next', async () => {
    for (let n = 0; n < 3; n++) {
      const broken = await open();
      broken.write(requestTo('/none') + BODY.slice(1));
      await once(server, 'request');
      broken.destroy();
      await once(broken, 'close');
      const socket = await open();
      socket.write(requestTo('/some', { last: true }) + BODY);
      expect(await text(socket)).toContain(`read ${BODY.length}`);
    }
    // Otherwise no parser was used twice, and this shows nothing.
    expect(parsers.size).toBeLessThan(6);
  });

  it('of which all is there already is left as it is', async () => {
    const socket = await open();
    socket.end('GET /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(await text(socket)).toContain('read 0');
  });
});
