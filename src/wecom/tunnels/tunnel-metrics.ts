import { Injectable } from '@nestjs/common';
import type { Count } from '../../metrics/count.js';
import { byValue, Metrics, only } from '../../metrics/metrics.js';

/** How a tunnel ended that was open. */
export type TunnelEnd = 'ended' | 'broken' | 'idle' | 'revoked' | 'stopped';

/** How each wish for a tunnel ended. */
const RESULTS = ['ended', 'broken', 'idle', 'revoked', 'stopped', 'refused', 'unreachable'] as const;
type TunnelResult = (typeof RESULTS)[number];

const DIRECTIONS = ['to_wecom', 'from_wecom'] as const;

@Injectable()
export class TunnelMetrics {
  /** Of payload, which is TLS. */
  readonly bytes: Readonly<Record<(typeof DIRECTIONS)[number], Count>>;
  readonly #results: Readonly<Record<TunnelResult, Count>>;
  #readOpen: () => number = () => 0;

  constructor(metrics: Metrics) {
    metrics.reads('wxkf_tunnels_open', () => only(this.#readOpen()));
    const results = metrics.counter('wxkf_tunnels_total');
    this.#results = byValue(RESULTS, (result) => results({ result }));
    const bytes = metrics.counter('wxkf_tunnel_bytes_total');
    this.bytes = byValue(DIRECTIONS, (direction) => bytes({ direction }));
  }

  watch(readOpen: () => number): void {
    this.#readOpen = readOpen;
  }

  ended(result: TunnelResult): void {
    this.#results[result].add();
  }
}
