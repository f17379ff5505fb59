/** The stream of views, with real sockets. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, it } from '@jest/globals';
import type { View } from './view.js';
import { ViewStream } from './view-stream.js';

const VIEW_BYTES = 8_000_000;
const CHANGES = 5;

it('keeps at most one view for a reader that stands still, and gives it the latest when it goes on', async () => {
  let made = 0;
  let isMade = Promise.withResolvers<void>();
  const stream = new ViewStream(() => {
    made += 1;
    isMade.resolve();
    return { url: `view ${made}`, padding: 'x'.repeat(VIEW_BYTES) } as unknown as View;
  });
  const response = Promise.withResolvers<ServerResponse>();
  const server = createServer((_request, given) => {
    stream.add(given, {});
    response.resolve(given);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const reader = connect((server.address() as AddressInfo).port, '127.0.0.1');
  reader.pause().write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
  const { promise } = response;
  const stalled = await promise;
  for (let change = 0; change < CHANGES; change++) {
    isMade = Promise.withResolvers();
    stream.changed();
    await isMade.promise;
  }
  expect(stalled.writableLength).toBeLessThan(1.5 * VIEW_BYTES);
  const seen: string[] = [];
  for await (const chunk of reader.setEncoding('latin1')) {
    seen.push(...(String(chunk).match(/view \d+/g) ?? []));
    if (seen.length === 2) break;
  }
  expect(seen).toEqual(['view 1', `view ${made}`]);
  stream.close();
  server.closeAllConnections();
  server.close();
});
