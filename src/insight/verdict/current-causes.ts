import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { Circuits } from '../../dispatch/endpoint/circuits.js';
import { QueueCounts } from '../../dispatch/later/queue-counts.js';
import { Past } from '../../log/past.js';
import { Corps } from '../../registry/accounts/corps.js';
import { KnownBots } from '../../registry/bots/known-bots.js';
import { failingCallers } from '../../wecom/outcomes/outcome.js';
import type { AccountView } from '../accounts/account-views.js';
import { insightConfig } from '../accounts/insight.config.js';
import { OtherReplicas } from '../figures/other-replicas.js';
import { type Causes, causesOf } from './causes.js';
import { CorpsWithoutCallbacks } from './corps-without-callbacks.js';
import { RecentRefusals } from './recent-refusals.js';
import type { ProcessStatus } from './status.js';

/** Reads all that may be wrong. What of it is, and how bad, is judged by `causesOf`. */
@Injectable()
export class CurrentCauses {
  constructor(
    private readonly past: Past,
    private readonly replicas: OtherReplicas,
    private readonly counts: QueueCounts,
    private readonly circuits: Circuits,
    private readonly bots: KnownBots,
    private readonly corps: Corps,
    private readonly withoutCallbacks: CorpsWithoutCallbacks,
    private readonly refusals: RecentRefusals,
    @Inject(insightConfig.KEY) private readonly config: ConfigType<typeof insightConfig>,
  ) {}

  /** @param status of the same moment. @returns all of them, the worst first. */
  async of(status: ProcessStatus, views: readonly AccountView[]): Promise<Causes> {
    const { waiting = 0, parked = 0, dead = 0 } = status.hints ?? {};
    const hints = waiting || parked || dead ? await this.counts.hintGroups() : null;
    const isKnown = (botId: string | null, corpId: string): boolean =>
      botId === null ? this.corps.has(corpId) : this.bots.find(botId) !== null;
    return causesOf(status, {
      views,
      callers: failingCallers(this.past.callers(), status.atMs).filter(({ botId, corpId }) =>
        isKnown(botId, corpId),
      ),
      hints,
      refusals: status.lastMinute.refused === 0 ? null : await this.refusals.latest(),
      isKnownCorp: (corpId) => this.corps.has(corpId),
      openCircuits: this.circuits.failing,
      awayReplicas: this.replicas.away(),
      missingCallbacks: this.withoutCallbacks.list(),
      replyWithinMs: this.config.replyWithinMs,
    });
  }
}
