/**
 * `CONNECT` for programs whose base of WeCom's API is fixed. Node's HTTP server hands such a request out past every hook of
 * Fastify, so that everything a request has elsewhere is given by hand here: credentials, limits, an error's shape, a line
 * in the log, the drain. It looks into no tunnel: what goes through is TLS between the program and WeCom.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { toAppError } from '../../http/answers/error-answer.js';
import { toRawAnswer } from '../../http/answers/raw-answer.js';
import { requestIdOf } from '../../http/log/request-log.js';
import { OwnAddresses } from './own-addresses.js';
import type { HttpEdge } from '../../http/server.js';
import type { AppError } from '../../kernel/app-error.js';
import { Clock } from '../../kernel/clock.js';
import { ERRORS } from '../../kernel/error-table.js';
import { Lifecycle } from '../../kernel/lifecycle.js';
import { type Admitted, TunnelAdmission } from './tunnel-admission.js';
import { TunnelDialler } from './tunnel-dialler.js';
import { TunnelLimits } from './tunnel-limits.js';
import { TunnelLog } from './tunnel-log.js';
import { TunnelMetrics } from './tunnel-metrics.js';
import { type EndedTunnel, Tunnel } from './tunnel.js';
import { tunnelsConfig } from './tunnels.config.js';

/** What tunnels use of the HTTP server that Fastify's hooks use elsewhere. */
export type TunnelEdge = Pick<HttpEdge, 'bots' | 'refusals' | 'logLineLimit' | 'counts' | 'connections'>;

const CHALLENGES = ['Basic realm="wxkf-manager", charset="UTF-8"', 'Bearer realm="wxkf-manager"'].map(
  (challenge) => ['Proxy-Authenticate', challenge] as const,
);
const PROXY_AUTHENTICATION_REQUIRED = 407;
/** How long one that was refused may take to read why. */
const LAST_WORDS_MS = 2_000;

/** Of one whose client went before WeCom was reached. */
const GONE: EndedTunnel = { why: 'broken', reason: undefined, toWecomBytes: 0, fromWecomBytes: 0 };

/** Where a request for a tunnel stands. */
interface Asked {
  readonly request: IncomingMessage;
  readonly requestId: string;
  readonly client: Socket;
  /** What came after the request's head. */
  readonly head: Buffer;
  /** Whose key was sent; `undefined` while that is not known. */
  botId: string | undefined;
}

@Injectable()
export class Tunnels {
  readonly #limits: TunnelLimits;
  /** All connections that asked for a tunnel: Node's server has let go of them. */
  readonly #clients = new Set<Socket>();
  readonly #open = new Set<Tunnel>();
  #isCutOff = false;

  constructor(
    @Inject(tunnelsConfig.KEY) private readonly config: ConfigType<typeof tunnelsConfig>,
    private readonly dialler: TunnelDialler,
    private readonly metrics: TunnelMetrics,
    private readonly log: TunnelLog,
    private readonly lifecycle: Lifecycle,
    private readonly clock: Clock,
  ) {
    this.#limits = new TunnelLimits(clock);
    metrics.watch(() => this.#open.size);
    void lifecycle.whenCutOff().then(() => this.#cutOff());
  }

  serve(server: Server, edge: TunnelEdge): void {
    const target = this.config.tunnels ? this.dialler.target : null;
    const admission = new TunnelAdmission(target, edge.bots, this.lifecycle);
    const own = new OwnAddresses(server);
    server.on('connect', (request: IncomingMessage, client: Socket, head: Buffer) => {
      if (!this.#hold(client, edge)) return;
      const asked: Asked = { request, requestId: requestIdOf(request), client, head, botId: undefined };
      this.#take(asked, admission, own).catch((error: unknown) =>
        this.#refuse(toAppError(error), asked, edge),
      );
    });
  }

  /** @returns false for a connection that is not good for a tunnel. */
  #hold(client: Socket, { connections }: TunnelEdge): boolean {
    client.on('error', () => {});
    if (this.#isCutOff || client.destroyed || connections.hasUnanswered(client)) {
      client.destroy();
      return false;
    }
    this.#clients.add(client);
    client.once('close', () => this.#clients.delete(client));
    return true;
  }

  /** @throws AppError where there is no tunnel. */
  async #take(asked: Asked, admission: TunnelAdmission, own: OwnAddresses): Promise<void> {
    const admitted = await admission.admit(asked.request);
    if (asked.client.destroyed) return;
    asked.botId = admitted.bot.id;
    const target = admission.admitTarget(asked.request.url ?? '');
    const end = this.#limits.begin(admitted.bot.id);
    this.lifecycle.requestBegan();
    const startedMs = this.clock.elapsedMs();
    try {
      const ended = await this.#carry(asked, admitted, own);
      const { requestId } = asked;
      const { id: botId, corpId } = admitted.bot;
      this.metrics.ended(ended.why);
      this.log.closed({ requestId, botId, corpId, target }, ended, this.clock.elapsedMs() - startedMs);
    } finally {
      end();
      this.lifecycle.requestEnded();
    }
  }

  /** @throws AppError `WECOM_UNREACHABLE`, `TUNNEL_TO_ITSELF` */
  async #carry(
    { client, head, requestId }: Asked,
    { via, isStillAllowed }: Admitted,
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

  /** @returns `null` where the client went meanwhile. @throws AppError `WECOM_UNREACHABLE`, `TUNNEL_TO_ITSELF` */
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

  #refuse(why: AppError, asked: Asked, { refusals, counts, logLineLimit }: TunnelEdge): void {
    const { client, request, requestId, botId } = asked;
    const error = refusals.judge(why, client.remoteAddress);
    const { status } = ERRORS[error.code];
    const retryAfter = error.retryAfterS === undefined ? [] : [['Retry-After', String(error.retryAfterS)]];
    counts.errorAnswered(error.code);
    this.metrics.ended(error.code === 'WECOM_UNREACHABLE' ? 'unreachable' : 'refused');
    this.log.refused({ error, requestId, botId, request }, logLineLimit);
    const more = [...(status === PROXY_AUTHENTICATION_REQUIRED ? CHALLENGES : []), ...retryAfter];
    client.end(toRawAnswer(error, requestId, more as [string, string][]));
    // What is left unread would have the system drop the answer.
    client.resume();
    this.clock.after(LAST_WORDS_MS, () => client.destroy());
  }

  #cutOff(): void {
    this.#isCutOff = true;
    for (const tunnel of this.#open) tunnel.end('stopped');
    for (const client of this.#clients) client.destroy();
  }
}
