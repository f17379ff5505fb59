import { Agent } from 'node:https';
import { WebSocket } from 'ws';
import {
  FRAME_BYTES_MAX,
  type EventFrame,
  type ManagerFrame,
  STREAM_VERSION,
} from '../../stream/protocol/frames.js';

const HANDSHAKE_LIMIT_MS = 10_000;
const CLOSE_LIMIT_MS = 1_000;
/** The manager sends something in each heartbeat. It counts as gone when it is silent for this many. */
const SILENT_BEATS = 2.5;
const FIRST_BEAT_S = 30;
/** An answer that is no stream is shown up to this length. */
const REFUSAL_LENGTH_MAX = 300;
const UNAUTHORIZED = [401, 403];
const INVALID = 1008;

/** Who connects, to where. */
export interface Target {
  /** `ws:` or `wss:`. */
  readonly url: URL;
  readonly key: string;
  readonly clientId: string;
  /** `null` for all accounts of the bot. */
  readonly openKfIds: readonly string[] | null;
}

/** Why a connection takes no new events any more. */
export interface Departure {
  /**
   * `later`: connect once more, after `afterMs` where that is not `null`. `key`: it does not open the stream. `replaced`: the
   * same client has connected elsewhere. `invalid`: the manager does not take what this client says.
   */
  readonly why: 'later' | 'key' | 'replaced' | 'invalid';
  readonly afterMs: number | null;
  readonly reason: string;
}

export interface Listener {
  ready(frame: ManagerFrame & { type: 'ready' }): void;
  event(frame: EventFrame, connection: Connection): void;
}

/** One WebSocket to a manager. A manager that drains goes on sending until the connection ends. */
export class Connection {
  /** Resolves when another connection is needed, or none is possible. */
  readonly leaving: Promise<Departure>;
  readonly closed: Promise<void>;
  readonly #socket: WebSocket;
  #leave!: (leaving: Departure) => void;
  #silence: NodeJS.Timeout;
  #silenceMs = FIRST_BEAT_S * SILENT_BEATS * 1_000;
  #isReady = false;

  constructor(
    { url, key, clientId, openKfIds }: Target,
    private readonly listener: Listener,
  ) {
    this.leaving = new Promise((resolve) => {
      this.#leave = resolve;
    });
    this.#socket = new WebSocket(url, {
      headers: { authorization: `Bearer ${key}` },
      handshakeTimeout: HANDSHAKE_LIMIT_MS,
      maxPayload: FRAME_BYTES_MAX,
      perMessageDeflate: false,
      // Follows HTTPS_PROXY and NO_PROXY.
      ...(url.protocol === 'wss:' && { agent: new Agent({ proxyEnv: process.env }) }),
    });
    this.#silence = this.#listenOn();
    this.#socket.on('open', () =>
      this.#send({ type: 'hello', version: STREAM_VERSION, clientId, openKfIds, form: 'wecom' }),
    );
    this.#socket.on('message', (data) => this.#read(String(data)));
    this.#socket.on('unexpected-response', (_request, response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('close', () => {
        this.#leave(toRefusal(response.statusCode ?? 0, Buffer.concat(chunks).toString()));
        this.#socket.terminate();
      });
    });
    this.#socket.on('error', (error: NodeJS.ErrnoException) =>
      this.#leaveLater(error.code ?? error.message, null),
    );
    this.closed = new Promise((resolve) => {
      this.#socket.once('close', (code, reason) => {
        this.#ended(code, String(reason));
        resolve();
      });
    });
  }

  ack(id: string): void {
    this.#send({ type: 'ack', id });
  }

  /** @param retryAfterMs `null` refuses the event itself; a time says that nobody is there to take it. */
  nack(id: string, retryAfterMs: number | null): void {
    this.#send({ type: 'nack', id, ...(retryAfterMs !== null && { retryAfterMs }) });
  }

  /** Events that were not acknowledged are due again. */
  async close(): Promise<void> {
    const late = setTimeout(() => this.#socket.terminate(), CLOSE_LIMIT_MS);
    this.#socket.close();
    await this.closed;
    clearTimeout(late);
  }

  #read(text: string): void {
    try {
      this.#take(JSON.parse(text) as ManagerFrame);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.#leaveLater('this is not a manager: it sent a text that is not JSON', null);
      this.#socket.terminate();
    }
  }

  #take(frame: ManagerFrame): void {
    clearTimeout(this.#silence);
    this.#silence = this.#listenOn();
    switch (frame.type) {
      case 'ready':
        this.#isReady = true;
        this.#silenceMs = frame.heartbeatS * SILENT_BEATS * 1_000;
        return this.listener.ready(frame);
      case 'event':
        return this.listener.event(frame, this);
      case 'ping':
        return this.#send({ type: 'pong', at: frame.at });
      case 'goaway':
        return this.#goAway(frame);
      default:
        // Roles, which do not matter here, and frames of later versions.
        return;
    }
  }

  #goAway({ reason, reconnectAfterMs }: ManagerFrame & { type: 'goaway' }): void {
    if (reason === 'auth')
      this.#leave({ why: 'key', afterMs: null, reason: 'the key does not count any more' });
    else if (reason === 'replaced')
      this.#leave({ why: 'replaced', afterMs: null, reason: 'the same client has connected elsewhere' });
    else this.#leaveLater(reason === 'drain' ? 'the manager stops' : reason, reconnectAfterMs);
  }

  #ended(code: number, reason: string): void {
    clearTimeout(this.#silence);
    // Once it was ready, the manager took what this client says.
    if (code === INVALID && !this.#isReady) this.#leave({ why: 'invalid', afterMs: null, reason });
    else this.#leaveLater(`the connection ended (${code}${reason && `, ${reason}`})`, null);
  }

  /** Of several reasons the first counts. */
  #leaveLater(reason: string, afterMs: number | null): void {
    this.#leave({ why: 'later', afterMs, reason });
  }

  #listenOn(): NodeJS.Timeout {
    return setTimeout(() => {
      this.#leaveLater('the manager is silent', null);
      this.#socket.terminate();
    }, this.#silenceMs);
  }

  #send(frame: object): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }
}

function toRefusal(status: number, body: string): Departure {
  const reason = `${status} ${messageIn(body)}`.trim();
  if (UNAUTHORIZED.includes(status)) return { why: 'key', afterMs: null, reason };
  const hint = ' (a proxy in front has to pass the headers Upgrade and Connection on)';
  return { why: 'later', afterMs: null, reason: status === 426 ? reason + hint : reason };
}

/** The message of a manager's error; `''` if something else answered. */
function messageIn(body: string): string {
  try {
    const { message } = JSON.parse(body) as { readonly message?: unknown };
    return typeof message === 'string' ? message.slice(0, REFUSAL_LENGTH_MAX) : '';
  } catch {
    return '';
  }
}
