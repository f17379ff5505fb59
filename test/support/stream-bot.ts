/** A client of the stream, with every frame that it was sent. */
import { WebSocket } from 'ws';
import { until } from './until.js';

export interface StreamFrame {
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface StreamBotOptions {
  /** Besides `type`, `version` and `clientId`; `null` says none at all. */
  readonly hello?: object | null;
  readonly clientId?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The longest frame that it reads. */
  readonly maxPayload?: number;
  /** What it does with an event; acknowledges it, unless told otherwise. */
  readonly onEvent?: (frame: StreamFrame, bot: StreamBot) => void;
}

export class StreamBot {
  readonly frames: StreamFrame[] = [];
  /** Code and reason, once it is closed. */
  closed: { readonly code: number; readonly reason: string } | null = null;
  /** The status that was answered instead of opening. */
  refused: { readonly status: number; readonly body: string } | null = null;
  readonly socket: WebSocket;

  constructor(url: string, key: string, options: StreamBotOptions = {}) {
    const { hello = {}, clientId = 'client-1', headers = {}, maxPayload = 2_113_536 } = options;
    const { onEvent = (frame) => this.send({ type: 'ack', id: frame.id }) } = options;
    this.socket = new WebSocket(`${url.replace(/^http/, 'ws')}/puppetWxkfManager/stream`, {
      headers: { authorization: `Bearer ${key}`, ...headers },
      maxPayload,
    });
    this.socket.on('open', () => {
      if (hello !== null) this.send({ type: 'hello', version: 1, clientId, ...hello });
    });
    this.socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as StreamFrame;
      this.frames.push(frame);
      if (frame.type === 'ping') this.send({ type: 'pong', at: frame.at });
      if (frame.type === 'event') onEvent(frame, this);
    });
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: String(reason) };
    });
    this.socket.on('error', () => {});
    this.socket.on('unexpected-response', (_request, response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        this.refused = { status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() };
      });
    });
  }

  send(frame: object | string): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  all(type: string): readonly StreamFrame[] {
    return this.frames.filter((frame) => frame.type === type);
  }

  get events(): readonly StreamFrame[] {
    return this.all('event');
  }

  /** The first frame of that type that `is` accepts. */
  async first(type: string, is: (frame: StreamFrame) => boolean = () => true): Promise<StreamFrame> {
    await until(() => this.all(type).some(is));
    return this.all(type).find(is) as StreamFrame;
  }

  /** As it was last told; `null` before. */
  roleOf(openKfId: string): unknown {
    const told = this.frames.flatMap((frame) =>
      frame.type === 'role' ? [frame] : ((frame.accounts ?? []) as StreamFrame[]),
    );
    return told.findLast((frame) => frame.openKfId === openKfId)?.role ?? null;
  }

  async ready(): Promise<this> {
    await this.first('ready');
    return this;
  }

  async whenClosed(): Promise<NonNullable<StreamBot['closed']>> {
    await until(() => this.closed !== null);
    return this.closed as NonNullable<StreamBot['closed']>;
  }

  async whenRefused(): Promise<NonNullable<StreamBot['refused']>> {
    await until(() => this.refused !== null);
    return this.refused as NonNullable<StreamBot['refused']>;
  }

  async close(): Promise<void> {
    this.socket.terminate();
    await until(() => this.socket.readyState === this.socket.CLOSED);
  }
}
