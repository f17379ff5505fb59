/** Bots that take messages, as programs do it, with the right to be killed at any moment and to come back. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Seeded } from '../../../test/support/seeded.js';
import type { KfAccount } from './kf-corp.js';
import type { MessageDelivery, MessageOracle } from './message-oracle.js';

/** What the manager made for a bot. */
export interface MadeBot {
  readonly key: string;
  readonly token: string;
  readonly encodingAESKey: string;
  readonly signingSecret: string;
}

/** What all bots of a run share. */
export interface BotWorld {
  readonly oracle: MessageOracle;
  readonly random: Seeded;
  /** Of a manager, each time the next one's, as a balancer picks them. */
  readonly nextUrl: () => string;
  /** What bots were sent that they cannot make sense of. */
  readonly complaints: string[];
}

/** Of so many callbacks one is refused, before the message is pulled or after. */
export const REFUSED_ONE_IN = 120;
const BODY_LIMIT = 262_144;

/** One run of a bot's program. */
export class Life {
  readonly sockets = new Set<Socket>();
  readonly end = new AbortController();
  pulling = 0;

  get isOver(): boolean {
    return this.end.signal.aborted;
  }
}

export abstract class MessageBot {
  made: MadeBot = { key: '', token: '', encodingAESKey: '', signingSecret: '' };
  #server: Server | null = null;
  #life = new Life();

  constructor(
    readonly account: KfAccount,
    readonly port: number,
    protected readonly world: BotWorld,
  ) {}

  abstract readonly kind: 'callback' | 'puppet';

  get url(): string {
    return `http://127.0.0.1:${this.port}/${this.account.openKfId}`;
  }

  get isUp(): boolean {
    return this.#server !== null;
  }

  async up(): Promise<void> {
    const life = new Life();
    const server = createServer((request, response) => {
      response.on('error', () => undefined);
      this.#serve(life, request, response).catch((error: unknown) => {
        if (!life.isOver) this.world.complaints.push(String(error));
      });
    });
    server.on('connection', (socket) => {
      life.sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => life.sockets.delete(socket));
    });
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.#server = server;
    this.#life = life;
    void this.began(life).catch(() => undefined);
  }

  /** Its connections break in the middle of things, and new ones are refused. */
  async kill(): Promise<void> {
    const [server, life] = [this.#server, this.#life];
    this.#server = null;
    if (server === null) return;
    const { oracle } = this.world;
    const { openKfId } = this.account;
    if (life.pulling > 0) oracle.cut(openKfId);
    const fromMs = performance.now();
    const closed = once(server, 'close');
    life.end.abort();
    server.close();
    for (const socket of life.sockets) socket.destroy();
    await closed;
    oracle.fault({ fromMs, toMs: performance.now(), openKfId });
  }

  /** What the program does when it starts. */
  protected abstract began(life: Life): Promise<void>;

  protected abstract take(life: Life, request: IncomingMessage, body: string, answer: Answer): Promise<void>;

  protected complain(what: string): void {
    this.world.complaints.push(`${this.account.openKfId}: ${what}`);
  }

  async #serve(life: Life, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks = (await request.toArray()) as Buffer[];
    const body = Buffer.concat(chunks).toString('utf8');
    if (life.isOver || body.length > BODY_LIMIT) return;
    await this.take(life, request, body, new Answer(response, this.world.oracle));
  }
}

/** Answers a callback once; a 2xx that can reach nobody any more was not written. */
export class Answer {
  delivery: MessageDelivery | null = null;

  constructor(
    private readonly response: ServerResponse,
    private readonly oracle: MessageOracle,
  ) {}

  take(): void {
    if (!this.#isOpen) return;
    this.response.end('success');
    if (this.delivery !== null) this.oracle.answered(this.delivery);
  }

  refuse(status = 503): void {
    if (this.#isOpen) this.response.writeHead(status).end();
  }

  get #isOpen(): boolean {
    const { headersSent, destroyed, socket } = this.response;
    return !headersSent && !destroyed && socket?.destroyed === false;
  }
}
