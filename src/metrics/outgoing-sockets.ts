import { Injectable } from '@nestjs/common';
import { byOrigin } from './by-origin.js';
import { Metrics } from './metrics.js';

/** Whatever has open connections, with where each of them leads. */
interface Connections {
  sockets(): Iterable<readonly [origin: string, sockets: number]>;
}

/** Whom connections lead to. */
export type SocketTarget = 'puppet' | 'wecom' | 'agent';

/** The outgoing sockets of all features that have any, in one metric. */
@Injectable()
export class OutgoingSockets {
  readonly #all: Record<SocketTarget, Connections[]> = { puppet: [], wecom: [], agent: [] };

  constructor(metrics: Metrics) {
    metrics.reads('wxkf_outgoing_sockets', () => [
      ...this.#read('puppet'),
      ...this.#read('wecom'),
      ...this.#read('agent'),
    ]);
  }

  watch(target: SocketTarget, connections: Connections): void {
    this.#all[target].push(connections);
  }

  #read(target: SocketTarget) {
    const counts = new Map<string, number>();
    for (const connections of this.#all[target]) {
      for (const [origin, sockets] of connections.sockets())
        counts.set(origin, (counts.get(origin) ?? 0) + sockets);
    }
    return byOrigin(counts).map(({ labels, value }) => ({ labels: { target, ...labels }, value }));
  }
}
