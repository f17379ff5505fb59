import { Controller, Get } from '@nestjs/common';
import { Circuits } from '../dispatch/line/circuit.js';
import { Readiness } from '../health/readiness.js';
import { AllowRoles } from '../http/access/allowed-callers.js';
import { Answers, Tags } from '../http/answers/described.js';
import { AppError } from '../kernel/app-error.js';
import { withinDeadline } from '../kernel/deadline.js';
import { REPLICA } from '../kernel/replica.js';
import { StoreClock } from '../kernel/store-clock.js';
import { VERSION } from '../kernel/version.js';
import { RegistryImage } from '../registry/image/registry-image.js';
import { StorageProbe } from '../storage/storage-probe.js';
import type { HistoryAnswer, StatusAnswer } from './answers/status.dto.js';
import { toAgeS, toIso } from './api-time.js';
import { History } from './history.js';
import { StoreCounts } from './store-counts.js';

const PROBE_LIMIT_MS = 1_000;

/** State and history of this replica. */
@Controller('api/v1')
@Tags('operators')
export class StatusController {
  constructor(
    private readonly image: RegistryImage,
    private readonly circuits: Circuits,
    private readonly stored: StoreCounts,
    private readonly storage: StorageProbe,
    private readonly past: History,
    private readonly readiness: Readiness,
    private readonly storeClock: StoreClock,
  ) {}

  /**
   * Show the state of this process.
   * @remarks With counts of the store, which are `null` while it does not answer, and those of the last minute.
   */
  @Get('status')
  @AllowRoles('operator')
  @Answers({ 200: 'The status.' })
  async getStatus(): Promise<StatusAnswer> {
    const [[counts, messages], isUp] = await Promise.all([this.stored.latest(), this.#isStorageUp()]);
    const { waiting = null, parked = null, dead = null, unreadable = null } = counts ?? {};
    const nowMs = this.storeClock.nowMs();
    return {
      version: VERSION,
      node: process.versions.node,
      replica: REPLICA,
      startedAt: toIso(performance.timeOrigin),
      uptimeS: process.uptime(),
      ready: this.readiness.isReady,
      storage: { kind: this.storage.kind, up: isUp },
      counts: {
        accounts: this.image.size,
        online: this.image.onlineCount,
        ...{ waiting, parked, dead, unreadable },
        waitingMessages: messages?.waiting ?? null,
        deadMessages: messages?.dead ?? null,
        openCircuits: this.circuits.open.size,
      },
      oldestWaitingAgeS: counts === null ? null : toAgeS(nowMs, counts.oldestWaitingAtMs ?? nowMs),
      oldestMessageAgeS: messages === null ? null : toAgeS(nowMs, messages.oldestWaitingAtMs ?? nowMs),
      lastMinute: this.past.lastMinute(),
    };
  }

  /**
   * Show the last hour of this process.
   * @remarks In intervals of 10 s, oldest first.
   */
  @Get('history')
  @AllowRoles('operator')
  @Answers({ 200: 'The last hour.' })
  getHistory(): HistoryAnswer {
    return this.past.toAnswer();
  }

  async #isStorageUp(): Promise<boolean> {
    try {
      await withinDeadline(PROBE_LIMIT_MS, 'probe', this.storage.check());
      return true;
    } catch (error) {
      if (error instanceof AppError) return false;
      throw error;
    }
  }
}
