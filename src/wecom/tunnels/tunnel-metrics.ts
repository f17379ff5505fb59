import { Injectable } from '@nestjs/common';
import type { Count } from '../../metrics/count.js';
import { byValue, Metrics, only } from '../../metrics/metrics.js';

/** How a tunnel ended that was open. */
export type TunnelEnd = 'ended' | 'broken' | 'idle' | 'revoked' | 'stopped';

/** How each wish for a tunnel ended. */
const RESULTS = ['ended', 'broken', 'idle', 'revoked', 'stopped', 'refused', 'unreachable'] as const;
export type TunnelResult = (typeof RESULTS)[number];

const DIRECTIONS = ['to_wecom', 'from_wecom'] as const;

@Injectable()
export class TunnelMetrics {
  /** Of payload, which is TLS. */
  readonly bytes: Readonly<Record<(typeof DIRECTIONS)[number], Count>>;
  readonly #results: Readonly<Record<TunnelResult, Count>>;
  #readOpen: () => number = () => 0;

  constructor(metrics: Metrics) {
    metrics.reads('gauge', 'wxkf_tunnels_open', 'Tunnels of bots to WeCom that are open.', () =>
      only(this.#readOpen()),
    );
    const results = metrics.counter<'result'>(
      'wxkf_tunnels_total',
      'Tunnels that bots asked for, by how they ended.',
    );
    this.#results = byValue(RESULTS, (result) => results({ result }));
    const bytes = metrics.counter<'direction'>(
      'wxkf_tunnel_bytes_total',
      'Bytes that went through tunnels, as they went.',
    );
    this.bytes = byValue(DIRECTIONS, (direction) => bytes({ direction }));
  }

  watch(readOpen: () => number): void {
    this.#readOpen = readOpen;
  }

  ended(result: TunnelResult): void {
    this.#results[result].add();
  }
}
