/**
 * The puppets: one port each, all in this process. They read just enough to answer and answer with a
 * constant, so that what is measured is the manager and not its receivers.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { MessageReader } from './message-reader.js';

const TAKEN = Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n\r\nsuccess');

export type Delivery = { readonly endpoint: string; readonly target: string; readonly body: Buffer };

export class Sink {
  /** Encrypted events since the start. */
  delivered = 0;
  /** Set while the proof runs, so that it can look at each delivery. */
  onDelivery: ((delivery: Delivery) => void) | undefined;
  readonly endpoints: string[] = [];
  private readonly servers: Server[] = [];
  private readonly sockets = new Set<Socket>();

  static async open(count: number): Promise<Sink> {
    const sink = new Sink();
    for (let index = 0; index < count; index += 1) await sink.listen();
    return sink;
  }

  close(): void {
    for (const server of this.servers) server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private async listen(): Promise<void> {
    let endpoint = '';
    const server = createServer({ noDelay: true }, (socket) => this.serve(socket, endpoint));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    if (typeof address !== 'object' || !address) throw new Error('the puppet has no port');
    endpoint = `http://127.0.0.1:${address.port}`;
    this.endpoints.push(endpoint);
    this.servers.push(server);
  }

  private serve(socket: Socket, endpoint: string): void {
    const reader = new MessageReader((head, body) => {
      if (head.startsWith('POST /callback?')) {
        this.delivered += 1;
        this.onDelivery?.({ endpoint, target: head.slice(5, head.indexOf(' ', 5)), body });
      }
      socket.write(TAKEN);
    });
    this.sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk);
      } catch {
        socket.destroy();
      }
    });
  }
}
