import { Injectable } from '@nestjs/common';
import type { ConnectionPools } from '../http/connection-pools.js';
import { byOrigin } from './by-origin.js';
import { Metrics } from './metrics.js';

/** Where a pool's connections lead. */
export type SocketTarget = 'puppet' | 'wecom';

/** The outgoing sockets of all features that have any, in one metric. */
@Injectable()
export class OutgoingSockets {
  readonly #pools: Record<SocketTarget, ConnectionPools[]> = { puppet: [], wecom: [] };

  constructor(metrics: Metrics) {
    metrics.reads('gauge', 'wxkf_outgoing_sockets', 'Open outgoing connections, by where they lead.', () => [
      ...this.#read('puppet'),
      ...this.#read('wecom'),
    ]);
  }

  watch(target: SocketTarget, pools: ConnectionPools): void {
    this.#pools[target].push(pools);
  }

  #read(target: SocketTarget) {
    const counts = new Map<string, number>();
    for (const pools of this.#pools[target]) {
      for (const [origin, sockets] of pools.sockets())
        counts.set(origin, (counts.get(origin) ?? 0) + sockets);
    }
    return byOrigin(counts).map(({ labels, value }) => ({ labels: { target, ...labels }, value }));
  }
}
