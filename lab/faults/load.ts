/** WeCom's side: callbacks on connections that are kept open, one request under way on each. */
import { connect, type Socket } from 'node:net';
import { type Account, makeCallback } from './accounts.js';
import { MessageReader } from './message-reader.js';
import type { Oracle } from './oracle.js';

/** Longer than WeCom waits (5 s), so that a late answer is seen as such. */
const ANSWER_LIMIT_MS = 10_000;
const CONNECTIONS_MAX = 4_000;
const TICK_MS = 4;

export interface Answer {
  /** `null`: the connection broke, could not be made, or brought nothing in time. */
  readonly status: number | null;
  readonly sentAtMs: number;
  readonly latencyMs: number;
}

/** Sends callbacks to one manager and tells the oracle how each was answered. */
export class Caller {
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();

  constructor(
    readonly port: number,
    private readonly oracle: Oracle,
  ) {}

  /** Sends a new event of the account. */
  async send(account: Account): Promise<Answer> {
    return this.sendSealed(account, makeCallback(account).request);
  }

  /**
   * For what was sealed ahead, because sealing takes longer than sending, and for what is sent again.
   * @param firstSentAtMs when the event was sent for the first time.
   */
  async sendSealed({ openKfId }: Account, request: Buffer, firstSentAtMs?: number): Promise<Answer> {
    const connection = this.#idle.pop() ?? this.#open();
    const sentAtMs = performance.now();
    const status = await connection.exchange(request);
    this.oracle.answered(openKfId, firstSentAtMs ?? sentAtMs, status);
    if (connection.isUsable) this.#idle.push(connection);
    return { status, sentAtMs, latencyMs: performance.now() - sentAtMs };
  }

  close(): void {
    for (const connection of this.#all) connection.destroy();
  }

  #open(): Connection {
    if (this.#all.size >= CONNECTIONS_MAX)
      throw new Error(`more than ${CONNECTIONS_MAX} callbacks under way`);
    const connection = new Connection(this.port, () => {
      this.#all.delete(connection);
      const at = this.#idle.indexOf(connection);
      if (at >= 0) this.#idle.splice(at, 1);
    });
    this.#all.add(connection);
    return connection;
  }
}

class Connection {
  readonly #socket: Socket;
  #answer: ((status: number | null) => void) | null = null;
  #isUsable = true;

  constructor(port: number, onClose: () => void) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const reader = new MessageReader((head) => {
      if (/\r\nconnection: *close/i.test(head)) this.destroy();
      this.#settle(Number(head.slice(9, 12)));
    });
    socket.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk);
      } catch {
        this.destroy();
      }
    });
    socket.on('error', () => this.destroy());
    socket.on('end', () => this.destroy());
    socket.on('close', () => {
      this.#isUsable = false;
      this.#settle(null);
      onClose();
    });
    this.#socket = socket;
  }

  get isUsable(): boolean {
    return this.#isUsable;
  }

  exchange(request: Buffer): Promise<number | null> {
    return new Promise((resolve) => {
      const limit = setTimeout(() => this.destroy(), ANSWER_LIMIT_MS);
      this.#answer = (status) => {
        clearTimeout(limit);
        resolve(status);
      };
      this.#socket.write(request);
    });
  }

  destroy(): void {
    this.#isUsable = false;
    this.#socket.destroy();
  }

  #settle(status: number | null): void {
    const answer = this.#answer;
    this.#answer = null;
    answer?.(status);
  }
}

const REMEMBERED_PER_ACCOUNT = 4;

/** The latest events of each account, so that WeCom can send them again. */
export class SentEvents {
  readonly #events = new Map<string, { readonly request: Buffer; readonly sentAtMs: number }[]>();

  /** A new event of the account. */
  send(caller: Caller, account: Account): Promise<Answer> {
    const { request } = makeCallback(account);
    const events = this.#events.get(account.openKfId) ?? [];
    events.push({ request, sentAtMs: performance.now() });
    this.#events.set(account.openKfId, events.slice(-REMEMBERED_PER_ACCOUNT));
    return caller.sendSealed(account, request);
  }

  /** One of its latest once more, to the byte; a new one where there is none. @param pick from a number below its argument. */
  async sendAgain(caller: Caller, account: Account, pick: (below: number) => number): Promise<Answer> {
    const events = this.#events.get(account.openKfId) ?? [];
    const again = events[pick(events.length)];
    return again === undefined
      ? this.send(caller, account)
      : caller.sendSealed(account, again.request, again.sentAtMs);
  }
}

export interface LoadOptions {
  readonly ratePerS: number;
  /** The account of the next callback; `null` leaves one out. */
  readonly pick: () => Account | null;
  readonly send: (account: Account) => Promise<Answer>;
  readonly onAnswer?: (account: Account, answer: Answer) => void;
}

/** An open loop: callbacks go out at their time, however long earlier ones take. */
export class Load {
  readonly #underWay = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #startedAtMs = 0;
  #count = 0;

  constructor(private readonly options: LoadOptions) {}

  start(): this {
    this.#startedAtMs = performance.now();
    this.#count = 0;
    this.#timer = setInterval(() => this.#sendDue(), TICK_MS);
    return this;
  }

  /** Sends nothing more and waits for the answers. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#underWay);
  }

  #sendDue(): void {
    const due = ((performance.now() - this.#startedAtMs) * this.options.ratePerS) / 1_000;
    for (; this.#count < due; this.#count++) {
      const account = this.options.pick();
      if (account) this.#send(account);
    }
  }

  #send(account: Account): void {
    const sending = this.options.send(account).then((answer) => {
      this.options.onAnswer?.(account, answer);
      this.#underWay.delete(sending);
    });
    this.#underWay.add(sending);
  }
}
