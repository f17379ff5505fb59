import { once } from 'node:events';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { createServer } from 'node:tls';
import type { Certificate } from './certificate.js';

export interface TlsFront {
  readonly port: number;
  close(): Promise<void>;
}

/** Takes TLS off and passes the rest on to a port of this machine. */
export async function startTlsFront(
  certificate: Certificate,
  plainPort: number,
  ofPort = 0,
): Promise<TlsFront> {
  const server = createServer(certificate, (socket) => join(socket, connect(plainPort, '127.0.0.1')));
  const port = await listen(server, ofPort);
  return {
    port,
    close: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

export async function listen(server: Server, port = 0): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Each ends when the other does. */
export function join(one: Socket, other: Socket): void {
  one.on('error', () => {}).on('close', () => other.destroy());
  other.on('error', () => {}).on('close', () => one.destroy());
  one.pipe(other).pipe(one);
}
