import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { AllowMetricsReaders } from '../http/allowed-callers.js';
import { Metrics } from './metrics.js';

/** What Prometheus scrapes. Answers whatever else is down: what cannot be known then is left out. */
@Controller('metrics')
export class MetricsController {
  /** Those who ask meanwhile get the same. */
  #scrape: Promise<string> | null = null;

  constructor(private readonly metrics: Metrics) {}

  @Get()
  @AllowMetricsReaders()
  async scrape(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const { registry } = this.metrics;
    this.#scrape ??= registry.metrics().finally(() => {
      this.#scrape = null;
    });
    reply.type(registry.contentType);
    return this.#scrape;
  }
}
