import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { dropBody } from './drop-body.js';

const BYTES_MAX = 100_000;
let server: Server;

/** Drops what comes for `/none`, and tells how much came for any other. */
beforeEach(async () => {
  server = createServer((request, response) => {
    if (request.url !== '/none') void buffer(request).then(({ length }) => response.end(`read ${length}\n`));
    else {
      dropBody(request, BYTES_MAX);
      response.writeHead(404, { 'content-length': 5 }).end('none\n');
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

async function open(): Promise<Socket> {
  const { port } = server.address() as AddressInfo;
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

async function untilRead(socket: Socket, what: RegExp): Promise<void> {
  let read = '';
  while (!what.test(read)) read += String((await once(socket, 'data'))[0]);
}

const requestTo = (path: string, length: number, sent = length): string =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n${'x'.repeat(sent)}`;

it('drops a body, and its connection serves the next request', async () => {
  const socket = await open();
  socket.write(requestTo('/none', BYTES_MAX) + requestTo('/some', 10));
  await untilRead(socket, /404 .*none.*200 .*read 10/s);
  socket.destroy();
});

it('drops also what comes after the answer', async () => {
  const socket = await open();
  socket.write(requestTo('/none', BYTES_MAX, 10));
  await untilRead(socket, /404 .*none/s);
  socket.write('x'.repeat(BYTES_MAX - 10) + requestTo('/some', 10));
  await untilRead(socket, /200 .*read 10/s);
  socket.destroy();
});

it('closes the connection of a longer body, whose sender reads the answer first', async () => {
  const socket = await open();
  let sent = 0;
  const send = (): void => {
    while (sent++ < 1_000 && socket.write('x'.repeat(BYTES_MAX)));
  };
  socket.on('drain', send);
  socket.write(requestTo('/none', 1_000 * BYTES_MAX, 0));
  send();
  await untilRead(socket, /404 .*none/s);
  await new Promise((resolve) => socket.once('close', resolve));
  expect(sent).toBeLessThan(1_000);
});
