import { Injectable } from '@nestjs/common';
import { HttpCounts } from '../http/limits/http-counts.js';
import { ERRORS, type ErrorCode } from '../kernel/error-table.js';
import { Metrics, only } from './metrics.js';

const CODES = Object.keys(ERRORS) as ErrorCode[];

/** What the HTTP server counts, which knows of no metrics. */
@Injectable()
export class HttpMetrics {
  constructor(metrics: Metrics, counts: HttpCounts) {
    metrics.reads('wxkf_http_connections', async () => only(await counts.openConnections()));
    metrics.reads('wxkf_http_connections_refused_total', () => [
      { labels: { limit: 'in_all' }, value: counts.refusedConnections.inAll },
      { labels: { limit: 'per_address' }, value: counts.refusedConnections.perAddress },
      { labels: { limit: 'pipelined' }, value: counts.refusedConnections.pipelined },
    ]);
    metrics.reads('wxkf_error_answers_total', () =>
      CODES.map((error) => ({ labels: { error }, value: counts.errorAnswers.get(error) ?? 0 })),
    );
  }
}
