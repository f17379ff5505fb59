import { Injectable } from '@nestjs/common';
import { Circuits } from '../../dispatch/endpoint/circuit.js';
import { Readiness } from '../../health/readiness.js';
import { REPLICA } from '../../kernel/replica.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { VERSION } from '../../kernel/version.js';
import { RegistryImage } from '../../registry/puppets/registry-image.js';
import type { StatusAnswer } from './status.dto.js';
import type { VerdictAnswer } from './verdict.dto.js';
import { toAgeS, toIso } from '../../http/answers/times.js';
import { LastMinute } from '../figures/last-minute.js';
import { StoreCounts } from './store-counts.js';
import { Verdict } from './verdict.js';

/** The state of this process with its verdict, for the API and for notifications. */
@Injectable()
export class CurrentStatus {
  constructor(
    private readonly image: RegistryImage,
    private readonly circuits: Circuits,
    private readonly stored: StoreCounts,
    private readonly lastMinute: LastMinute,
    private readonly readiness: Readiness,
    private readonly storeClock: StoreClock,
    private readonly verdict: Verdict,
  ) {}

  async read(): Promise<StatusAnswer> {
    const [[counts, messages], isUp] = await Promise.all([this.stored.latest(), this.stored.isUp()]);
    const { waiting = null, parked = null, paused = null, dead = null, unreadable = null } = counts ?? {};
    const nowMs = this.storeClock.nowMs();
    const status = {
      version: VERSION,
      node: process.versions.node,
      replica: REPLICA,
      startedAt: toIso(performance.timeOrigin),
      uptimeS: process.uptime(),
      ready: this.readiness.isReady,
      storage: { kind: this.stored.kind, up: isUp },
      counts: {
        accounts: this.image.size,
        online: this.image.onlineCount,
        ...{ waiting, parked, paused, dead, unreadable },
        waitingMessages: messages?.waiting ?? null,
        deadMessages: messages?.dead ?? null,
        openCircuits: this.circuits.failing.size,
      },
      oldestWaitingAgeS: counts === null ? null : toAgeS(nowMs, counts.oldestWaitingAtMs ?? nowMs),
      oldestParkedAgeS: counts === null ? null : toAgeS(nowMs, counts.oldestParkedAtMs ?? nowMs),
      oldestMessageAgeS: messages === null ? null : toAgeS(nowMs, messages.oldestWaitingAtMs ?? nowMs),
      lastMinute: this.lastMinute.totals(),
    };
    return { ...status, verdict: this.#named(await this.verdict.of(status)) };
  }

  #named(verdict: VerdictAnswer): VerdictAnswer {
    const causes = verdict.causes.map((cause) => ({ ...cause, name: this.image.nameOf(cause.openKfId) }));
    return { ...verdict, causes };
  }
}
