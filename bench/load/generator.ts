/**
 * WeCom under load: connections that are kept open, each with one request under way, written from buffers
 * made beforehand. It counts every answer that is not 200 or not right, and every connection that broke under a
 * request.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Latencies } from './latencies.js';
import { MessageReader } from './message-reader.js';

const LAST_ANSWERS_MS = 6_000;

/** A whole request, ready to be written to a socket. */
export type Prepared = { readonly request: Buffer };

/** What is sent, in turns, and what is expected. */
export type Load<T extends Prepared> = {
  readonly requests: readonly T[];
  /** Told of each that was answered 200, and rightly. */
  readonly onAccepted?: (sent: T) => void;
  /** Whether a body that came with 200 is the answer to what was sent; WeCom's refusals are 200 as well. */
  readonly isRight?: (body: Buffer, sent: T) => boolean;
};

export class Generator<T extends Prepared = Prepared> {
  /** Right 200 answers since the start. */
  accepted = 0;
  /** What went wrong, each with how often: `status 503`, `ECONNRESET`, `no answer`. */
  readonly failures = new Map<string, number>();
  private latencies: Latencies | undefined;
  private stopping = false;
  private underWay = 0;
  private next = 0;
  private readonly sockets = new Set<Socket>();

  constructor(
    private readonly port: number,
    private readonly load: Load<T>,
  ) {}

  start(connections: number): void {
    for (let index = 0; index < connections; index += 1) this.open();
  }

  /** From now on durations go into the returned counter. */
  measure(): Latencies {
    this.latencies = new Latencies();
    return this.latencies;
  }

  /** Sends nothing more and waits for what is under way; what then has no answer is a failure. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.latencies = undefined;
    for (let waitedMs = 0; this.underWay > 0 && waitedMs < LAST_ANSWERS_MS; waitedMs += 10) await sleep(10);
    for (let count = this.underWay; count > 0; count -= 1) this.fail('no answer');
    this.underWay = 0;
    for (const socket of this.sockets) socket.destroy();
  }

  private open(): void {
    const socket = connect({ port: this.port, host: '127.0.0.1', noDelay: true });
    let sentAtMs = 0;
    let sent: T | undefined;
    const send = () => {
      const { requests } = this.load;
      sent = requests[this.next];
      if (this.stopping || !sent) return;
      this.next = (this.next + 1) % requests.length;
      this.underWay += 1;
      sentAtMs = performance.now();
      socket.write(sent.request);
    };
    const reader = new MessageReader((head, body) => {
      this.underWay -= 1;
      this.latencies?.add(performance.now() - sentAtMs);
      sentAtMs = 0;
      if (sent) this.take(head, body, sent);
      if (/\r\nconnection: *close/i.test(head)) socket.destroy();
      else send();
    });
    const broken = (reason: string) => {
      if (this.stopping) return;
      if (sentAtMs !== 0) this.underWay -= 1;
      sentAtMs = 0;
      this.fail(reason);
    };
    this.sockets.add(socket);
    socket.on('connect', send);
    socket.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk);
      } catch (error) {
        broken(String(error));
        socket.destroy();
      }
    });
    socket.on('error', (error: NodeJS.ErrnoException) => broken(error.code ?? error.message));
    socket.on('close', () => {
      if (sentAtMs !== 0) broken('closed without an answer');
      this.sockets.delete(socket);
      if (!this.stopping) setTimeout(() => !this.stopping && this.open(), 20);
    });
  }

  private take(head: string, body: Buffer, sent: T): void {
    const { isRight, onAccepted } = this.load;
    if (!head.startsWith('HTTP/1.1 200 ')) this.fail(`status ${head.slice(9, 12)}`);
    else if (isRight && !isRight(body, sent)) this.fail(`200, ${errcodeIn(body)}`);
    else {
      this.accepted += 1;
      onAccepted?.(sent);
    }
  }

  private fail(reason: string): void {
    this.failures.set(reason, (this.failures.get(reason) ?? 0) + 1);
  }
}

function errcodeIn(body: Buffer): string {
  const [, errcode] = /"errcode": *(-?[0-9]+)/.exec(body.toString('latin1')) ?? [];
  return errcode === undefined || errcode === '0' ? 'but not the answer' : `but errcode ${errcode}`;
}
