/** A puppet below HTTP: bare sockets, for one that breaks off, trickles, talks nonsense or is not there. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

export interface RawServer {
  readonly url: string;
  /** How many requests came, by their first bytes. */
  readonly requests: number;
  /** How many connections were ever made. */
  readonly connections: number;
  /** Resolves with the next request's socket. */
  next(): Promise<Socket>;
  /** Resolves when no connection is open any more. */
  allClosed(): Promise<void>;
  close(): Promise<void>;
}

/**
 * `onRequest` gets the socket and the request's number, counted from 1 over all connections.
 * @param at where it listens: any of 127.0.0.0/8, where Linux has all of them.
 */
export async function startRawServer(
  onRequest: (socket: Socket, number: number) => void,
  { host = '127.0.0.1', port = 0 }: { readonly host?: string; readonly port?: number } = {},
): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const nextWaiting: ((socket: Socket) => void)[] = [];
  const closedWaiting: (() => void)[] = [];
  let requests = 0;
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    // To be cut off is what these sockets are for.
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      if (sockets.size === 0) for (const resolve of closedWaiting.splice(0)) resolve();
    });
    socket.on('data', (chunk) => {
      if (chunk.subarray(0, 5).toString() !== 'POST ') return;
      onRequest(socket, ++requests);
      for (const resolve of nextWaiting.splice(0)) resolve(socket);
    });
  });
  server.listen(port, host);
  await once(server, 'listening');
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    get requests() {
      return requests;
    },
    get connections() {
      return connections;
    },
    next: () => new Promise((resolve) => nextWaiting.push(resolve)),
    allClosed: () =>
      new Promise((resolve) => {
        if (sockets.size === 0) resolve();
        else closedWaiting.push(resolve);
      }),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Writes `chunk` again and again, for as long as the other side reads. */
export function pour(socket: Socket, chunk: string): void {
  const more = (): void => {
    while (socket.writable && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
}

/** A URL where nobody listens: the port was free a moment ago. */
export async function refusedUrl(): Promise<string> {
  const server = await startRawServer(() => {});
  await server.close();
  return server.url;
}

/** A URL where a connection is neither made nor refused, as of a host that is gone. */
export interface BlackHole {
  readonly url: string;
  close(): Promise<void>;
}

/** Linux keeps one connection more than the backlog for a thread that does not accept, and drops the rest. */
const STUCK = `
  require('node:net').createServer().listen(0, '127.0.0.1', 1, function () {
    require('node:worker_threads').parentPort.postMessage(this.address().port);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });`;

/**
 * A caller that gives up leaves its connection half made, and its process does not end before the system gives up too. So
 * `close` ends such connections.
 */
export async function startBlackHole(): Promise<BlackHole> {
  const thread = new Worker(STUCK, { eval: true });
  const [port] = await once(thread, 'message');
  const fillers = [connect(Number(port), '127.0.0.1'), connect(Number(port), '127.0.0.1')];
  await Promise.all(fillers.map((socket) => once(socket, 'connect')));
  const callers: Socket[] = [];
  const onSocket = (opened: unknown): void => void callers.push((opened as { socket: Socket }).socket);
  subscribe('net.client.socket', onSocket);
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      unsubscribe('net.client.socket', onSocket);
      for (const socket of callers)
        if (socket.connecting) socket.destroy(new Error('the black hole is gone'));
      for (const socket of fillers) socket.on('error', () => {}).destroy();
      await thread.terminate();
    },
  };
}
