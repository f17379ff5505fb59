import { Controller, Get, HttpCode, Inject, Req, ServiceUnavailableException } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import {
  HealthCheck,
  type HealthCheckResult,
  HealthCheckService,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import type { FastifyRequest } from 'fastify';
import { AllowAnyone, RecognizeCallers } from '../http/allowed-callers.js';
import { RegistryHealthIndicator } from '../registry/registry.health.js';
import { healthConfig } from './health.config.js';
import { LifecycleHealthIndicator } from './lifecycle.health.js';

/** Injects the indicators of all parts, in the order of the answer. */
export const HEALTH_INDICATORS = Symbol('HEALTH_INDICATORS');

export interface HealthIndicator {
  isHealthy(): HealthIndicatorResult | Promise<HealthIndicatorResult>;
}

/** Where @nestjs/swagger is near, Terminus would load it to describe the answers, which takes a third of the start. */
const UNDOCUMENTED = { noCache: true, swaggerDocumentation: false };

/**
 * Liveness, readiness and everything, as the contract tells them apart. Where roles have secrets, who does not come
 * with that of an operator is told of each part whether it is up, and no figure or reason.
 */
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly registry: RegistryHealthIndicator,
    private readonly lifecycle: LifecycleHealthIndicator,
    @Inject(HEALTH_INDICATORS) private readonly all: readonly HealthIndicator[],
    @Inject(healthConfig.KEY) private readonly config: ConfigType<typeof healthConfig>,
  ) {}

  /** The process turns over; nothing else is asked. */
  @Get('live')
  @AllowAnyone()
  @HttpCode(200)
  @HealthCheck(UNDOCUMENTED)
  live() {
    return this.health.check([]);
  }

  /** It can take callbacks. A database outage later does not change that: healthy puppets are still served. */
  @Get('ready')
  @AllowAnyone()
  @RecognizeCallers()
  @HealthCheck(UNDOCUMENTED)
  ready(@Req() request: FastifyRequest) {
    return this.#check([this.registry, this.lifecycle], request);
  }

  @Get()
  @AllowAnyone()
  @RecognizeCallers()
  @HealthCheck(UNDOCUMENTED)
  everything(@Req() request: FastifyRequest) {
    return this.#check(this.all, request);
  }

  async #check(indicators: readonly HealthIndicator[], { role }: FastifyRequest): Promise<HealthCheckResult> {
    const checked = this.health.check(indicators.map((indicator) => () => indicator.isHealthy()));
    if (role === 'operator' || this.config.isOpen) return checked;
    try {
      return toStatuses(await checked);
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      throw new ServiceUnavailableException(toStatuses(error.getResponse() as HealthCheckResult));
    }
  }
}

/** Of each part whether it is up. */
function toStatuses({ status, info, error, details }: HealthCheckResult): HealthCheckResult {
  const statusesOf = (parts: HealthCheckResult['info'] = {}): HealthIndicatorResult =>
    Object.fromEntries(
      Object.entries(parts).map(([name, part]) => [name, { status: part?.status ?? 'down' }]),
    );
  return { status, info: statusesOf(info), error: statusesOf(error), details: statusesOf(details) };
}
