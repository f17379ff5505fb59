/**
 * `CONNECT` for programs that always call WeCom's own address. Node's HTTP server does not pass a `CONNECT` request to
 * Fastify. So this file does what Fastify's hooks do for other requests: it checks credentials and limits, shapes errors,
 * writes the log line, and takes part in the drain. It cannot read a tunnel's content, which is TLS between program and WeCom.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { toAppError } from '../../http/answers/error-answer.js';
import { requestIdOf } from '../../http/log/request-log.js';
import { OwnAddresses } from './own-addresses.js';
import { ConnectionLimits } from '../../http/limits/connection-limits.js';
import { Clock } from '../../kernel/clock.js';
import { Lifecycle } from '../../kernel/lifecycle.js';
import { type AdmittedBot, TunnelAdmission } from './tunnel-admission.js';
import { TunnelDialler } from './tunnel-dialler.js';
import { TunnelLimits } from './tunnel-limits.js';
import { TunnelLog } from './tunnel-log.js';
import { TunnelMetrics } from './tunnel-metrics.js';
import { type TunnelRequest, TunnelRefusals } from './tunnel-refusals.js';
import { type EndedTunnel, Tunnel } from './tunnel.js';

/** The end of a tunnel whose client disconnected before the connection to WeCom was made. */
const GONE: EndedTunnel = { why: 'broken', reason: undefined, toWecomBytes: 0, fromWecomBytes: 0 };

@Injectable()
export class Tunnels implements OnModuleInit {
  readonly #limits: TunnelLimits;
  /** All connections that asked for a tunnel. Node's server does not track them any more. */
  readonly #clients = new Set<Socket>();
  readonly #open = new Set<Tunnel>();
  #isCutOff = false;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly admission: TunnelAdmission,
    private readonly dialler: TunnelDialler,
    private readonly refusals: TunnelRefusals,
    private readonly connections: ConnectionLimits,
    private readonly metrics: TunnelMetrics,
    private readonly log: TunnelLog,
    private readonly lifecycle: Lifecycle,
    private readonly clock: Clock,
  ) {
    this.#limits = new TunnelLimits(clock);
    metrics.watch(() => this.#open.size);
    void lifecycle.whenCutOff().then(() => this.#cutOff());
  }

  onModuleInit(): void {
    const server: Server = this.host.httpAdapter.getHttpServer();
    const own = new OwnAddresses(server);
    server.on('connect', (request: IncomingMessage, client: Socket, head: Buffer) => {
      if (!this.#hold(client)) return;
      const asked: TunnelRequest = {
        request,
        requestId: requestIdOf(request),
        client,
        head,
        botId: undefined,
      };
      this.#take(asked, own).catch((error: unknown) => this.refusals.refuse(toAppError(error), asked));
    });
  }

  /** @returns false when the connection was closed instead: it cannot become a tunnel. */
  #hold(client: Socket): boolean {
    client.on('error', () => {});
    if (this.#isCutOff || client.destroyed || this.connections.hasUnanswered(client)) {
      client.destroy();
      return false;
    }
    this.#clients.add(client);
    client.once('close', () => this.#clients.delete(client));
    return true;
  }

  /** Resolves when the tunnel has ended. @throws AppError when none was opened. */
  async #take(asked: TunnelRequest, own: OwnAddresses): Promise<void> {
    const admitted = await this.admission.admit(asked.request);
    if (asked.client.destroyed) return;
    asked.botId = admitted.bot.id;
    const target = this.admission.admitTarget(asked.request.url ?? '');
    const end = this.#limits.begin(admitted.bot.id);
    this.lifecycle.requestBegan();
    const startedMs = this.clock.elapsedMs();
    try {
      const ended = await this.#carry(asked, admitted, own);
      const { requestId } = asked;
      const { id: botId, corpId } = admitted.bot;
      this.log.closed({ requestId, botId, corpId, target }, ended, this.clock.elapsedMs() - startedMs);
    } finally {
      end();
      this.lifecycle.requestEnded();
    }
  }

  /** @throws AppError `WECOM_UNREACHABLE`, `TUNNEL_TO_ITSELF` */
  async #carry(
    { client, head, requestId }: TunnelRequest,
    { via, isStillAllowed }: AdmittedBot,
    own: OwnAddresses,
  ): Promise<EndedTunnel> {
    const wecom = await this.#dialFor(client, own, via);
    if (wecom === null) return GONE;
    client.write(`HTTP/1.1 200 Connection established\r\nx-request-id: ${requestId}\r\n\r\n`);
    if (head.length > 0) client.unshift(head);
    const tunnel = new Tunnel(client, wecom, isStillAllowed, this.clock, this.metrics.bytes);
    this.#open.add(tunnel);
    return tunnel.whenEnded().finally(() => this.#open.delete(tunnel));
  }

  /** @returns `null` when the client disconnected meanwhile. @throws AppError `WECOM_UNREACHABLE`, `TUNNEL_TO_ITSELF` */
  async #dialFor(client: Socket, own: OwnAddresses, via: string): Promise<Socket | null> {
    const gone = new AbortController();
    const leave = (): void => gone.abort();
    client.once('close', leave);
    try {
      return await this.dialler.dial(own, via, gone.signal);
    } catch (error) {
      if (client.destroyed) return null;
      throw error;
    } finally {
      client.off('close', leave);
    }
  }

  #cutOff(): void {
    this.#isCutOff = true;
    for (const tunnel of this.#open) tunnel.end('stopped');
    for (const client of this.#clients) client.destroy();
  }
}
