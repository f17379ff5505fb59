import { Injectable } from '@nestjs/common';
import type { Count } from '../../metrics/count.js';
import { byValue, Metrics } from '../../metrics/metrics.js';

const RESULTS = ['answered', 'failed'] as const;

@Injectable()
export class OidcMetrics {
  readonly #calls: Readonly<Record<(typeof RESULTS)[number], Count>>;

  constructor(metrics: Metrics) {
    const calls = metrics.counter<'result'>(
      'wxkf_oidc_calls_total',
      'Calls to the OpenID provider of OIDC_ISSUER.',
    );
    this.#calls = byValue(RESULTS, (result) => calls({ result }));
  }

  called(isAnswered: boolean): void {
    this.#calls[isAnswered ? 'answered' : 'failed'].add();
  }
}
