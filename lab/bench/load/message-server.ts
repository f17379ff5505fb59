import { createServer, type Server, type Socket } from 'node:net';
import { MessageReader } from './message-reader.js';

/** Gets a head as `MessageReader` gives it, and gives the whole answer. One that takes time must not fail. */
export type Answerer = (head: string, body: Buffer) => Buffer | Promise<Buffer>;

/** A server on bare sockets in this process, for what costs too little to be measured. */
export class MessageServer {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly answer: Answerer) {
    this.server = createServer({ noDelay: true }, (socket) => this.serve(socket));
  }

  static async listen(answer: Answerer): Promise<MessageServer> {
    const listening = new MessageServer(answer);
    await new Promise<void>((resolve, reject) => {
      listening.server.once('error', reject);
      listening.server.listen(0, '127.0.0.1', resolve);
    });
    return listening;
  }

  get url(): string {
    const address = this.server.address();
    if (typeof address !== 'object' || !address) throw new Error('the server has no port');
    return `http://127.0.0.1:${address.port}`;
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private serve(socket: Socket): void {
    const reader = new MessageReader((head, body) => {
      const answer = this.answer(head, body);
      if (answer instanceof Promise) void answer.then((later) => socket.destroyed || socket.write(later));
      else socket.write(answer);
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
