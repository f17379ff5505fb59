/**
 * The puppets: one port each, all in this process. They read just enough to answer and answer with a
 * constant, so that what is measured is the manager and not its receivers.
 */
import { MessageServer } from './message-server.js';

const TAKEN = Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n\r\nsuccess');

export type Delivery = { readonly endpoint: string; readonly target: string; readonly body: Buffer };

export class Sink {
  /** Encrypted events since the start. */
  delivered = 0;
  /** Set while the proof runs, so that it can look at each delivery. */
  onDelivery: ((delivery: Delivery) => void) | undefined;
  private readonly servers: MessageServer[] = [];

  static async open(count: number): Promise<Sink> {
    const sink = new Sink();
    for (let index = 0; index < count; index += 1) await sink.listen();
    return sink;
  }

  get endpoints(): string[] {
    return this.servers.map(({ url }) => url);
  }

  close(): void {
    for (const server of this.servers) server.close();
  }

  private async listen(): Promise<void> {
    const server = await MessageServer.listen((head, body) => {
      if (head.startsWith('POST /callback?')) {
        this.delivered += 1;
        this.onDelivery?.({ endpoint: server.url, target: head.slice(5, head.indexOf(' ', 5)), body });
      }
      return TAKEN;
    });
    this.servers.push(server);
  }
}
