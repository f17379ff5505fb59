import { Injectable } from '@nestjs/common';
import { byValue, Metrics } from '../metrics/metrics.js';
import type { Count } from '../metrics/count.js';
import type { ClientEnd } from './clients/client.js';

const ENDS: readonly ClientEnd[] = ['drain', 'replaced', 'auth', 'slow', 'lost', 'silent', 'invalid'];
const RESULTS = ['taken', 'not_taken', 'unreachable'] as const;

@Injectable()
export class StreamMetrics {
  readonly #ended: Readonly<Record<ClientEnd, Count>>;
  readonly #passedOn: Readonly<Record<(typeof RESULTS)[number], Count>>;
  #read: () => number = () => 0;

  constructor(metrics: Metrics) {
    metrics.reads(
      'gauge',
      'wxkf_stream_clients',
      'Clients of bots that are connected to this process.',
      () => [{ labels: {}, value: this.#read() }],
    );
    const ended = metrics.counter<'why'>(
      'wxkf_stream_ended_total',
      'Connections of clients of bots that ended, by why.',
    );
    this.#ended = byValue(ENDS, (why) => ended({ why }));
    const passedOn = metrics.counter<'result'>(
      'wxkf_stream_passed_on_total',
      'Events that were given to the replica that has the connection of their bot, by what came of it.',
    );
    this.#passedOn = byValue(RESULTS, (result) => passedOn({ result }));
  }

  watch(read: () => number): void {
    this.#read = read;
  }

  ended(why: ClientEnd): void {
    this.#ended[why].add();
  }

  passedOn(result: (typeof RESULTS)[number]): void {
    this.#passedOn[result].add();
  }
}
