/**
 * A client of WXKF-Manager's stream (docs/reference/protocol.md): a bot without an address is given events or messages over a connection
 * that it opens, and acknowledges each one when its handler is done. It stores nothing: what is not acknowledged comes again.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ClientOptions {
  /** Where the manager is: `https://kf.example.com`. */
  readonly manager: string;
  /** Of a bot of kind stream or callback. */
  readonly key: string;
  /** The same over restarts, and another one for each process that runs at the same time. */
  readonly clientId: string;
  /** All accounts of the bot where it is left out. */
  readonly openKfIds?: readonly string[];
  /** The Secret of the bot's app; `reply` and `wecom` need it. */
  readonly corpSecret?: string;
}

/** One entry of WeCom's `kf/sync_msg`. */
export interface KfMessage {
  readonly msgid: string;
  readonly open_kfid: string;
  readonly external_userid?: string;
  readonly send_time: number;
  readonly origin: number;
  readonly msgtype: string;
  readonly text?: { readonly content: string };
  readonly [field: string]: unknown;
}

export interface KfEvent {
  /** The same for every attempt. */
  readonly id: string;
  /** Counted from 1. */
  readonly attempt: number;
  readonly openKfId: string;
  readonly corpId: string;
  readonly ageMs: number;
  /** WeCom's sync token, of a bot that takes events. */
  readonly token?: string;
  /** Of a bot that takes messages. */
  readonly message?: KfMessage;
  /**
   * The `msgid`s of the texts that the message was joined from, in their order, its own last (`session.mergeS` of the bot). Empty
   * where it is one message of WeCom's.
   */
  readonly merged: readonly string[];
}

export type MessageEvent = KfEvent & { readonly message: KfMessage };

/**
 * What became of a customer: `moved` to the pool or a servicer; `already` with people; `nobody` serves, or the hours are over
 * (`closed`), and the bot goes on.
 */
export type HandOver = 'moved' | 'already' | 'nobody' | 'closed';

interface Handlers {
  /** A message is taken once this has resolved. A throw refuses it; a `Later` says that it cannot be taken now. */
  message: (event: MessageEvent) => unknown;
  /** The same for the events of a bot that takes events. */
  event: (event: KfEvent) => unknown;
  /** A handler failed, or the connection was lost. A warning of the process where this is left out. */
  error: (error: Error) => void;
}

/** Thrown by a handler that can take nothing now: the event comes again, and nothing is counted against it. */
export class Later extends Error {
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number, message = 'later') {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

/** WeCom, or the manager in its name, refused a call. */
export class WecomError extends Error {
  readonly errcode: number;

  constructor(errcode: number, message: string) {
    super(`${errcode} ${message}`);
    this.errcode = errcode;
  }
}

/** Why no further connection makes sense. */
export class EndedError extends Error {
  readonly why: 'key' | 'replaced' | 'invalid';

  constructor(why: EndedError['why'], message: string) {
    super(message);
    this.why = why;
  }
}

/** Why a connection takes nothing new any more, and when to open the next one if the manager said so. */
type Leaving = { readonly error: Error; readonly afterMs: number | null };
type Frame = { readonly type: string } & Readonly<Record<string, unknown>>;

const STREAM = '/puppetWxkfManager/stream';
const HAND_OVER = '/puppetWxkfManager/sessions/handOver';
const FIRST_WAIT_MS = 500;
const WAIT_MS_MAX = 30_000;
/** The manager says something every 30 s. */
const SILENCE_MS_MAX = 75_000;
/** The close code of a client that says what the manager does not take. */
const INVALID = 1008;
/** A frequency limit, of the manager as well, or WeCom is busy. */
const LATER_ERRCODES = new Set([-1, 429, 45009, 45033]);
/** How long an event stays away that cannot be taken now. */
const LATER_MS = 5_000;
const MSGID_USED = 40058;
const TAKEN_MAX = 1_000;

export class Client {
  /** Resolves after `close`. Rejects with an `EndedError` where no further connection makes sense. */
  readonly ended: Promise<void>;
  readonly #options: ClientOptions;
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #handlers: Partial<Handlers> = {};
  readonly #stop = new AbortController();
  readonly #sockets = new Set<WebSocket>();
  /** The connection over which each event that is being handled came last. */
  readonly #underWay = new Map<string, WebSocket>();
  /** What handlers have taken lately: if its acknowledgement was late or lost it comes again, and is acknowledged at once. */
  readonly #taken = new Set<string>();
  readonly #replies = new WeakMap<KfEvent, number>();
  readonly #work = new Set<Promise<void>>();
  #failures = 0;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#base = options.manager.replace(/\/+$/, '');
    this.#headers = { authorization: `Bearer ${options.key}`, 'content-type': 'application/json' };
    this.ended = sleep(0).then(() => this.#run());
  }

  /** Set handlers in the tick in which the client was made. */
  on<K extends keyof Handlers>(kind: K, handler: Handlers[K]): this {
    Object.assign(this.#handlers, { [kind]: handler });
    return this;
  }

  /** Lets handlers that are under way end, and acknowledges what they took. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.ended;
  }

  /**
   * Sends the customer a text, or another kind of message as `{ msgtype, … }`. Replies of one event are sent once, though its
   * handler runs again.
   * @throws WecomError, or Later where WeCom is busy or cannot be reached
   */
  async reply(event: MessageEvent, content: string | object): Promise<void> {
    const { id, corpId, openKfId, attempt, message } = event;
    const number = this.#replies.get(event) ?? 0;
    this.#replies.set(event, number + 1);
    const msgid = createHash('sha256').update(`${id} ${number}`).digest('hex').slice(0, 32);
    const body = typeof content === 'string' ? { msgtype: 'text', text: { content } } : content;
    const head = { touser: message.external_userid, open_kfid: openKfId, msgid };
    try {
      await this.wecom(corpId, 'kf/send_msg', { ...head, ...body });
    } catch (error) {
      const wasSent = error instanceof WecomError && error.errcode === MSGID_USED && attempt > 1;
      if (!wasSent) throw error;
    }
  }

  /**
   * Hands the customer over to people, as `session.people` of the bot says. Safe to repeat.
   * @param text what the customer is told, in place of `session.people.waiting`.
   * @throws WecomError where the manager refuses it, or Later where it cannot do it now
   */
  async handOver({ openKfId, message }: MessageEvent, text?: string): Promise<HandOver> {
    const body = { openKfId, externalUserId: message.external_userid, text };
    const { outcome } = await this.#call(HAND_OVER, body);
    return outcome as HandOver;
  }

  /** Calls WeCom's API through the manager: `kf/sync_msg` and others. @throws WecomError, or Later */
  async wecom(corpId: string, path: string, body: object): Promise<Record<string, unknown>> {
    const query = new URLSearchParams({ corpid: corpId, corpsecret: this.#options.corpSecret ?? '' });
    const { access_token: token } = await this.#call(`/cgi-bin/gettoken?${query}`);
    return this.#call(`/cgi-bin/${path}?access_token=${String(token)}`, body);
  }

  async #call(path: string, body?: object): Promise<Record<string, unknown>> {
    const post = body && { method: 'POST', body: JSON.stringify(body) };
    const answer = await fetch(this.#base + path, { headers: this.#headers, ...post })
      .then((response) => response.json() as Promise<Record<string, unknown>>)
      .catch((error: Error) => {
        throw new Later(FIRST_WAIT_MS, `the manager does not answer: ${error.message}`);
      });
    const errcode = Number(answer.errcode ?? answer.code ?? 0);
    const text = String(answer.errmsg ?? answer.message ?? '');
    if (LATER_ERRCODES.has(errcode) || (errcode >= 500 && errcode < 600)) throw new Later(LATER_MS, text);
    if (errcode !== 0) throw new WecomError(errcode, text);
    return answer;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const stopped = new Promise<null>((resolve) => signal.addEventListener('abort', () => resolve(null)));
    try {
      while (!signal.aborted) {
        const leaving = await Promise.race([this.#open(), stopped]);
        if (leaving === null) return;
        if (leaving.error instanceof EndedError) throw leaving.error;
        this.#report(leaving.error);
        await sleep(leaving.afterMs ?? this.#nextWaitMs(), undefined, { signal }).catch(() => {});
      }
    } finally {
      await Promise.all(this.#work);
      for (const socket of this.#sockets) socket.close();
    }
  }

  /** Resolves when another connection is needed. A manager that drains goes on sending over this one until it ends. */
  #open(): Promise<Leaving> {
    const { promise, resolve } = Promise.withResolvers<Leaving>();
    const later = (why: string, afterMs: number | null = null): void =>
      resolve({ error: new Error(why), afterMs });
    const end = (why: EndedError['why'], text: string): void =>
      resolve({ error: new EndedError(why, text), afterMs: null });
    const { clientId, openKfIds } = this.#options;
    const socket = new WebSocket(this.#base.replace(/^http/, 'ws') + STREAM, { headers: this.#headers });
    this.#sockets.add(socket);
    const silence = setTimeout(() => {
      later('the manager is silent');
      socket.close();
    }, SILENCE_MS_MAX);
    let [isOpen, isReady] = [false, false];
    socket.addEventListener('open', () => {
      isOpen = true;
      send(socket, { type: 'hello', version: 1, clientId, openKfIds });
    });
    socket.addEventListener('message', ({ data }) => {
      silence.refresh();
      const frame = JSON.parse(String(data)) as Frame;
      if (frame.type === 'ready') [isReady, this.#failures] = [true, 0];
      else if (frame.type === 'ping') send(socket, { type: 'pong', at: frame.at });
      else if (frame.type === 'event') this.#begin(toEvent(frame), socket);
      else if (frame.type === 'goaway') {
        if (frame.reason === 'auth') end('key', 'the key does not count any more');
        else if (frame.reason === 'replaced') end('replaced', 'the same client has connected elsewhere');
        else later(`goaway: ${String(frame.reason)}`, Number(frame.reconnectAfterMs));
      }
    });
    socket.addEventListener('error', () => {});
    socket.addEventListener('close', async ({ code, reason }) => {
      clearTimeout(silence);
      this.#sockets.delete(socket);
      if (code === INVALID && !isReady) end('invalid', reason);
      else if (isOpen) later(`the connection ended (${code} ${reason})`);
      else if (await this.#isKeyRefused()) end('key', 'the manager does not take the key');
      else later('the manager cannot be reached');
    });
    return promise;
  }

  /** A WebSocket does not tell with which status it was refused. */
  async #isKeyRefused(): Promise<boolean> {
    const response = await fetch(this.#base + STREAM, { headers: this.#headers }).catch(() => null);
    await response?.body?.cancel();
    return response?.status === 401 || response?.status === 403;
  }

  #begin(event: KfEvent, socket: WebSocket): void {
    if (this.#taken.has(event.id)) return send(socket, { type: 'ack', id: event.id });
    // What comes after `close` is not acknowledged, and comes again.
    if (this.#stop.signal.aborted) return;
    const isRunning = this.#underWay.has(event.id);
    this.#underWay.set(event.id, socket);
    if (isRunning) return;
    const work = this.#take(event).finally(() => this.#work.delete(work));
    this.#work.add(work);
  }

  async #take(event: KfEvent, id = event.id): Promise<void> {
    const answer = await this.#handle(event).then(
      () => ({ type: 'ack', id }),
      (error: Error) => {
        this.#report(error);
        return { type: 'nack', id, ...(error instanceof Later && { retryAfterMs: error.retryAfterMs }) };
      },
    );
    if (answer.type === 'ack') this.#taken.add(id);
    const [oldest = ''] = this.#taken.size > TAKEN_MAX ? this.#taken : [];
    this.#taken.delete(oldest);
    const socket = this.#underWay.get(id);
    this.#underWay.delete(id);
    if (socket !== undefined) send(socket, answer);
  }

  async #handle(event: KfEvent): Promise<void> {
    const { message, event: other } = this.#handlers;
    if (event.message !== undefined && message !== undefined) await message(event as MessageEvent);
    else if (event.message === undefined && other !== undefined) await other(event);
    else throw new Later(LATER_MS, `nothing handles ${event.message === undefined ? 'events' : 'messages'}`);
  }

  #report(error: Error): void {
    (this.#handlers.error ?? process.emitWarning).call(this.#handlers, error);
  }

  #nextWaitMs(): number {
    return Math.min(WAIT_MS_MAX, FIRST_WAIT_MS * 2 ** this.#failures++) * (0.5 + Math.random());
  }
}

/** Connects, and connects again whenever that is lost. */
export function connect(options: ClientOptions): Client {
  return new Client(options);
}

function toEvent(frame: Frame): KfEvent {
  const event = frame as unknown as Omit<KfEvent, 'merged'>;
  return { ...event, merged: (event.message?.merged as readonly string[] | undefined) ?? [] };
}

function send(socket: WebSocket, frame: object): void {
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
}
