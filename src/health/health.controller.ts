import { Controller, Get, HttpCode, Inject, Req, ServiceUnavailableException } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import {
  DiskHealthIndicator,
  HealthCheck,
  type HealthCheckResult,
  HealthCheckService,
  type HealthIndicatorFunction,
  type HealthIndicatorResult,
  HealthIndicatorService,
  MemoryHealthIndicator,
} from '@nestjs/terminus';
import type { FastifyRequest } from 'fastify';
import { CallbackMetrics } from '../callback/callback-metrics.js';
import { HintKeeper } from '../dispatch/outbox/hint-keeper.js';
import { Overload } from '../dispatch/answer/overload.js';
import { AllowAnyone, RecognizeCallers } from '../http/allowed-callers.js';
import { Lifecycle } from '../kernel/lifecycle.js';
import { StoreClock } from '../kernel/store-clock.js';
import { RegistryImage } from '../registry/registry-image.js';
import { RegistrySync } from '../registry/registry-sync.js';
import { WecomMetrics } from '../wecom/wecom-metrics.js';
import { EventLoopDelay } from './event-loop-delay.js';
import { healthConfig } from './health.config.js';
import { memoryLimitBytes } from './memory-limit.js';
import { StorageProbe } from './storage-probe.js';
import { StoreReport } from './store-report.js';

/** Above it something blocks: the idle process takes microseconds. */
const EVENT_LOOP_DELAY_MS_MAX = 500;
const DISK_USED_SHARE_MAX = 0.95;

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
    private readonly indicators: HealthIndicatorService,
    private readonly memory: MemoryHealthIndicator,
    private readonly disk: DiskHealthIndicator,
    private readonly storage: StorageProbe,
    private readonly registry: RegistrySync,
    private readonly image: RegistryImage,
    private readonly callbacks: CallbackMetrics,
    private readonly wecom: WecomMetrics,
    private readonly store: StoreReport,
    private readonly keeper: HintKeeper,
    private readonly overload: Overload,
    private readonly storeClock: StoreClock,
    private readonly lifecycle: Lifecycle,
    private readonly eventLoop: EventLoopDelay,
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
    return this.#check([() => this.#registry(), () => this.#lifecycle()], this.#isTrusted(request));
  }

  @Get()
  @AllowAnyone()
  @RecognizeCallers()
  @HealthCheck(UNDOCUMENTED)
  everything(@Req() request: FastifyRequest) {
    return this.#check(this.#parts(), this.#isTrusted(request));
  }

  #isTrusted({ role }: FastifyRequest): boolean {
    return role === 'operator' || this.config.isOpen;
  }

  async #check(parts: HealthIndicatorFunction[], isTrusted: boolean): Promise<HealthCheckResult> {
    if (isTrusted) return this.health.check(parts);
    try {
      return toStatuses(await this.health.check(parts));
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      throw new ServiceUnavailableException(toStatuses(error.getResponse() as HealthCheckResult));
    }
  }

  #parts(): HealthIndicatorFunction[] {
    const { dataDir } = this.config;
    return [
      () => this.#registry(),
      () => this.#lifecycle(),
      () => this.#storage(),
      () => this.#outbox(),
      () => this.indicators.check('callbacks').up(this.callbacks.toJSON()),
      () => this.#overload(),
      () => this.indicators.check('wecom').up(this.wecom.toJSON()),
      () => this.memory.checkRSS('memory', memoryLimitBytes()),
      () => this.#eventLoopDelay(),
      ...(dataDir === null
        ? []
        : [() => this.disk.checkStorage('disk', { path: dataDir, thresholdPercent: DISK_USED_SHARE_MAX })]),
    ];
  }

  #registry(): HealthIndicatorResult {
    const part = this.indicators.check('registry');
    return this.registry.isLoaded
      ? part.up({ puppets: this.image.size })
      : part.down('not loaded yet; waiting for the storage');
  }

  #lifecycle(): HealthIndicatorResult {
    const part = this.indicators.check('lifecycle');
    return this.lifecycle.isDraining ? part.down('draining') : part.up();
  }

  async #storage(): Promise<HealthIndicatorResult> {
    const { kind } = this.storage;
    const part = this.indicators.check('storage');
    const { isUp } = await this.store.latest();
    if (isUp) return part.up({ kind });
    return part.down({ kind, message: 'the storage does not answer; the log says why' });
  }

  /** Dead letters and records that cannot be read are for a person to look at and no reason to be down. */
  async #outbox(): Promise<HealthIndicatorResult> {
    const part = this.indicators.check('outbox');
    const { counts: counted } = await this.store.latest();
    if (counted === null) return part.down('the outbox does not answer; the log says why');
    const { oldestWaitingAtMs, ...counts } = counted;
    const nowMs = this.storeClock.nowMs();
    const oldestWaitingMs = oldestWaitingAtMs === null ? 0 : Math.max(0, nowMs - oldestWaitingAtMs);
    if (!this.keeper.isFailing) return part.up({ ...counts, oldestWaitingMs });
    return part.down({
      ...counts,
      oldestWaitingMs,
      message: 'the last event that was to be kept was not; the log says why',
    });
  }

  /** To refuse what is too much is no reason to be down. */
  #overload(): HealthIndicatorResult {
    const { eventsUnderWay, attemptsUnderWay, counts } = this.overload;
    return this.indicators.check('overload').up({ eventsUnderWay, attemptsUnderWay, ...counts });
  }

  #eventLoopDelay(): HealthIndicatorResult {
    const { maxMs } = this.eventLoop;
    const part = this.indicators.check('eventLoop');
    return maxMs <= EVENT_LOOP_DELAY_MS_MAX ? part.up({ maxMs }) : part.down({ maxMs });
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
