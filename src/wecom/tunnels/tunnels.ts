import type { Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { Lifecycle } from '../../kernel/lifecycle.js';
import type { OwnAddresses } from './own-addresses.js';
import { type AdmittedBot, TunnelAdmission } from './tunnel-admission.js';
import { TunnelDialler } from './tunnel-dialler.js';
import { TunnelLimits } from './tunnel-limits.js';
import { TunnelLog } from './tunnel-log.js';
import { TunnelMetrics } from './tunnel-metrics.js';
import type { TunnelRequest } from './tunnel-refusals.js';
import { type EndedTunnel, Tunnel } from './tunnel.js';

/** The end of a tunnel whose client disconnected before the connection to WeCom was made. */
const GONE: EndedTunnel = { why: 'broken', reason: undefined, toWecomBytes: 0, fromWecomBytes: 0 };

/** Opens a tunnel for each request that is admitted, and carries it to its end. */
@Injectable()
export class Tunnels {
  readonly #limits: TunnelLimits;
  readonly #open = new Set<Tunnel>();

  constructor(
    private readonly admission: TunnelAdmission,
    private readonly dialler: TunnelDialler,
    private readonly metrics: TunnelMetrics,
    private readonly log: TunnelLog,
    private readonly lifecycle: Lifecycle,
    private readonly clock: Clock,
  ) {
    this.#limits = new TunnelLimits(clock);
    metrics.watch(() => this.#open.size);
  }

  /** Resolves when the tunnel has ended. @throws AppError when none was opened. */
  async carry(asked: TunnelRequest, own: OwnAddresses): Promise<void> {
    const admitted = await this.admission.admit(asked.request);
    if (asked.client.destroyed) return;
    asked.botId = admitted.bot.id;
    const target = this.admission.admitTarget(asked.request.url ?? '');
    const end = this.#limits.begin(admitted.bot.id);
    this.lifecycle.requestBegan();
    const startedMs = this.clock.elapsedMs();
    try {
      const ended = await this.#join(asked, admitted, own);
      const { requestId } = asked;
      const { id: botId, corpId } = admitted.bot;
      this.log.closed({ requestId, botId, corpId, target }, ended, this.clock.elapsedMs() - startedMs);
    } finally {
      end();
      this.lifecycle.requestEnded();
    }
  }

  /** @throws AppError `WECOM_UNREACHABLE`, `TUNNEL_TO_ITSELF` */
  async #join(
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

  stop(): void {
    for (const tunnel of this.#open) tunnel.end('stopped');
  }
}
