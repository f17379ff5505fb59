/**
 * WebSockets of bots. Node's HTTP server does not pass an upgrade to Fastify. So this file hands it to Fastify as a normal
 * request: credentials, limits, log line and drain then work as for any other. The route's handler takes the connection over.
 */
import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import { refusalOfForeignOrigin } from '../http/access/own-page.js';
import { BodyBudget, BudgetShare } from '../http/limits/body-budget.js';
import { ConnectionLimits } from '../http/limits/connection-limits.js';
import { RequestFields, UnitOfWork } from '../http/log/request-log.js';
import { AppError } from '../kernel/app-error.js';
import { Clock } from '../kernel/clock.js';
import { Clients } from './clients/clients.js';
import type { Client, ClientEnd } from './clients/client.js';
import { SocketSession } from './clients/socket-session.js';
import type { SocketWire } from './clients/socket-wire.js';
import { BOT_FRAME_BYTES_MAX, type Hello } from './protocol/frames.js';
import { type StreamCaller, StreamAdmission } from './stream-admission.js';
import { ackLimitMs } from './stream-carrier.js';

const SWITCHING_PROTOCOLS = 101;
/** A refused client has this long to read the answer. */
const LAST_WORDS_MS = 2_000;

/** The most connections of one bot at this process. */
const CONNECTIONS_MAX = 2_000;
const RETRY_AFTER_S = 10;
/** The most fragments of one frame: each takes memory, also a short one. Clients usually send a frame whole. */
const FRAGMENTS_MAX = 16;

/** `@types/ws` does not know `maxFragments` yet. */
const OPTIONS: ServerOptions & { readonly maxFragments: number } = {
  noServer: true,
  clientTracking: false,
  maxPayload: BOT_FRAME_BYTES_MAX,
  maxFragments: FRAGMENTS_MAX,
  // Compression would cost 60 kB of memory for each connection, and frames are small.
  perMessageDeflate: false,
  skipUTF8Validation: false,
};

/** The connection of an upgrade, and the bytes that arrived after the request's head. */
interface Upgrade {
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** The one log line of a stream. */
class StreamFields extends RequestFields {
  botId: string | undefined = undefined;
  corpId: string | undefined = undefined;
  clientId: string | undefined = undefined;
  why: ClientEnd | undefined = undefined;

  override get isNews(): boolean {
    return true;
  }
}

@Injectable()
export class StreamServer implements OnModuleInit {
  readonly #sockets = new WebSocketServer(OPTIONS);
  readonly #upgrades = new WeakMap<IncomingMessage, Upgrade>();
  readonly #sessions = new Set<SocketSession>();
  readonly #connections = new Map<string, number>();

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly admission: StreamAdmission,
    private readonly clients: Clients,
    private readonly budget: BodyBudget,
    private readonly connections: ConnectionLimits,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    const server: Server = this.host.httpAdapter.getHttpServer();
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => {});
      if (socket.destroyed || this.connections.hasUnanswered(socket)) {
        socket.destroy();
        return;
      }
      this.#upgrades.set(request, { socket, head });
      const response = new ServerResponse(request);
      response.shouldKeepAlive = false;
      response.assignSocket(socket as never);
      response.once('finish', () => this.#endAnswered(socket));
      server.emit('request', request, response);
    });
  }

  /** Closes the connection after an answer that is no WebSocket: Node's server does not track it any more. */
  #endAnswered(socket: Duplex): void {
    socket.end();
    // Unread bytes would make the operating system reset the connection, and the answer would be lost.
    socket.resume();
    this.clock.after(LAST_WORDS_MS, () => socket.destroy());
  }

  /**
   * Makes a WebSocket of the request's connection.
   * @throws AppError `STREAM_UPGRADE_REQUIRED`, `AUTH_CROSS_SITE`, `STREAM_ENDING`, `AUTH_WRONG`, `BOT_FORBIDDEN`,
   *   `STREAM_CLIENTS_TOO_MANY`
   */
  open(request: FastifyRequest, reply: FastifyReply): void {
    const refusal = refusalOfForeignOrigin(request);
    if (refusal !== undefined) throw refusal;
    const caller = this.admission.callerOf(request);
    const upgrade = this.#upgrades.get(request.raw);
    if (upgrade === undefined) throw new AppError('STREAM_UPGRADE_REQUIRED');
    if ((this.#connections.get(caller.bot.id) ?? 0) >= CONNECTIONS_MAX)
      throw new AppError('STREAM_CLIENTS_TOO_MANY', { retryAfterS: RETRY_AFTER_S });
    this.#upgrades.delete(request.raw);
    // The client may have disconnected while its key was looked up.
    if (upgrade.socket.destroyed) return void reply.hijack();
    const fields = new StreamFields();
    fields.botId = caller.bot.id;
    fields.corpId = caller.bot.corpId;
    request.unit = new UnitOfWork('stream.closed', fields);
    reply.hijack();
    reply.raw.detachSocket(upgrade.socket as never);
    const ended = (): void => {
      request.unit?.end();
      reply.raw.emit('close');
    };
    upgrade.socket.once('close', ended);
    this.#sockets.handleUpgrade(request.raw, upgrade.socket, upgrade.head, (socket) => {
      reply.code(SWITCHING_PROTOCOLS);
      // From here on the session reports why it ends.
      upgrade.socket.off('close', ended);
      this.#begin(socket, upgrade.socket, caller, fields, ended);
    });
  }

  /** Ends all connections, also those without a `hello` yet. */
  endAll(why: ClientEnd): void {
    for (const session of this.#sessions) session.end(why);
  }

  #begin(
    socket: WebSocket,
    incoming: Duplex,
    caller: StreamCaller,
    fields: StreamFields,
    ended: () => void,
  ): void {
    const admit = (hello: Hello, wire: SocketWire): Client | string => {
      const admitted = this.admission.admit(caller, hello);
      if (typeof admitted === 'string') return admitted;
      fields.clientId = hello.clientId;
      const client = this.clients.add(admitted, wire);
      client?.ready(ackLimitMs(caller.bot), this.clients.rolesOf(admitted.connection));
      return client ?? 'the client has connected again';
    };
    // Counted by bot, not by address: many bots may share an address.
    const holding = new BudgetShare(this.budget, caller.bot.id);
    this.#count(caller.bot.id, 1);
    const session = new SocketSession(socket, incoming, holding, { admit }, this.clock, (why) => {
      fields.why = why;
      this.#sessions.delete(session);
      this.#count(caller.bot.id, -1);
      ended();
    });
    this.#sessions.add(session);
  }

  #count(botId: string, more: number): void {
    const count = (this.#connections.get(botId) ?? 0) + more;
    if (count > 0) this.#connections.set(botId, count);
    else this.#connections.delete(botId);
  }
}
