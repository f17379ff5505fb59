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
import { ConnectionLimits } from '../../http/limits/connection-limits.js';
import { requestIdOf } from '../../http/log/request-log.js';
import { Lifecycle } from '../../kernel/lifecycle.js';
import { OwnAddresses } from './own-addresses.js';
import { type TunnelRequest, TunnelRefusals } from './tunnel-refusals.js';
import { Tunnels } from './tunnels.js';

@Injectable()
export class TunnelServer implements OnModuleInit {
  /** All connections that asked for a tunnel. Node's server does not track them any more. */
  readonly #clients = new Set<Socket>();
  #isCutOff = false;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly connections: ConnectionLimits,
    private readonly tunnels: Tunnels,
    private readonly refusals: TunnelRefusals,
    lifecycle: Lifecycle,
  ) {
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
      this.tunnels
        .carry(asked, own)
        .catch((error: unknown) => this.refusals.refuse(toAppError(error), asked));
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

  #cutOff(): void {
    this.#isCutOff = true;
    this.tunnels.stop();
    for (const client of this.#clients) client.destroy();
  }
}
