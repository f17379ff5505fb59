import { Controller, Get, HttpCode, Inject, Req, ServiceUnavailableException } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import {
  HealthCheck,
  type HealthCheckResult,
  HealthCheckService,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import type { FastifyRequest } from 'fastify';
import { AllowAnyone, RecognizeCallers } from '../http/access/allowed-callers.js';
import { ApiOkResponse, ApiResponse, ApiTags } from '../http/answers/swagger.js';
import { RegistryHealthIndicator } from '../registry/registry.health.js';
import { HealthAnswer } from './health-answer.dto.js';
import { healthConfig } from './health.config.js';
import { LifecycleHealthIndicator } from './lifecycle.health.js';

/** Injects the indicators of all parts, in the order of the answer. */
export const HEALTH_INDICATORS = Symbol('HEALTH_INDICATORS');

export interface HealthIndicator {
  isHealthy(): HealthIndicatorResult | Promise<HealthIndicatorResult>;
}

/** Otherwise Terminus would load @nestjs/swagger, if it is installed. That takes a third of the time of the start. */
const UNDOCUMENTED = { noCache: true, swaggerDocumentation: false };

/**
 * Liveness, readiness, and a report on all parts. Once a role has a secret, only operators get figures and reasons. Other callers
 * only see whether each part is up.
 */
@Controller('health')
@ApiTags('monitoring')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly registry: RegistryHealthIndicator,
    private readonly lifecycle: LifecycleHealthIndicator,
    @Inject(HEALTH_INDICATORS) private readonly all: readonly HealthIndicator[],
    @Inject(healthConfig.KEY) private readonly config: ConfigType<typeof healthConfig>,
  ) {}

  /**
   * Check liveness.
   * @remarks
   * The answer is 200, or there is none. It depends on no database, so that a database outage does not make Kubernetes restart the
   * process.
   */
  @Get('live')
  @ApiOkResponse({ description: 'The process is alive.', type: HealthAnswer })
  @AllowAnyone()
  @HttpCode(200)
  @HealthCheck(UNDOCUMENTED)
  isAlive() {
    return this.health.check([]);
  }

  /**
   * Check readiness.
   * @remarks
   * For load balancers and Kubernetes: whether the process can take callbacks. It stays ready in a later database outage, since
   * healthy puppets are still served.
   */
  @Get('ready')
  @ApiOkResponse({ description: 'The process can take callbacks.', type: HealthAnswer })
  @ApiResponse({
    status: 503,
    description: 'The registry was never loaded, or the process is stopping.',
    type: HealthAnswer,
  })
  @AllowAnyone()
  @RecognizeCallers()
  @HealthCheck(UNDOCUMENTED)
  isReady(@Req() request: FastifyRequest) {
    return this.#check([this.registry, this.lifecycle], request);
  }

  /**
   * Report on all parts.
   * @remarks
   * For people; probes use the other two routes. It checks the store, and the disk of the embedded store. Once a role has a secret,
   * only operators get figures and reasons. Other callers only see whether each part is up or down. The store is asked every 5 s at
   * most, so figures of the store and of hints may be that old.
   */
  @Get()
  @ApiOkResponse({ description: 'All parts are up.', type: HealthAnswer })
  @ApiResponse({ status: 503, description: 'A part is down; operators get the reason.', type: HealthAnswer })
  @AllowAnyone()
  @RecognizeCallers()
  @HealthCheck(UNDOCUMENTED)
  getHealth(@Req() request: FastifyRequest) {
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

/** Removes everything but the status of each part. */
function toStatuses({ status, info, error, details }: HealthCheckResult): HealthCheckResult {
  const statusesOf = (parts: HealthCheckResult['info'] = {}): HealthIndicatorResult =>
    Object.fromEntries(
      Object.entries(parts).map(([name, part]) => [name, { status: part?.status ?? 'down' }]),
    );
  return { status, info: statusesOf(info), error: statusesOf(error), details: statusesOf(details) };
}
