import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { AllowMetricsReaders } from '../http/access/allowed-callers.js';
import { ApiOkResponse, ApiTags } from '../http/answers/swagger.js';
import { Metrics } from './metrics.js';

const EXAMPLE =
  '# TYPE wxkf_callbacks_total counter\nwxkf_callbacks_total{form="encrypted",outcome="delivered"} 3\n';

/** What Prometheus scrapes. Answers whatever else is down: what cannot be known then is left out. */
@Controller('metrics')
@ApiTags('monitoring')
export class MetricsController {
  /** Those who ask meanwhile get the same. */
  #scrape: Promise<string> | null = null;

  constructor(private readonly metrics: Metrics) {}

  /**
   * What Prometheus scrapes.
   * @remarks
   * In the text format of Prometheus. Asks no service that could be down for long; what cannot be known then is left out.
   */
  @Get()
  @AllowMetricsReaders()
  @ApiOkResponse({
    description: 'All metrics.',
    content: { 'text/plain': { schema: { type: 'string' }, example: EXAMPLE } },
  })
  async getMetrics(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const { registry } = this.metrics;
    this.#scrape ??= registry.metrics().finally(() => {
      this.#scrape = null;
    });
    reply.type(registry.contentType);
    return this.#scrape;
  }
}
