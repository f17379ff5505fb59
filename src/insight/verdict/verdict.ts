import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import { QueueCounts } from '../../dispatch/later/queue-counts.js';
import { Circuits } from '../../dispatch/endpoint/circuits.js';
import { Clock } from '../../kernel/clock.js';
import { answerInTime } from '../../kernel/deadline.js';
import { Recent } from '../../kernel/recent.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { Metrics, only, type Sample } from '../../metrics/metrics.js';
import { Corps } from '../../registry/accounts/corps.js';
import { KnownBots } from '../../registry/bots/known-bots.js';
import { type AccountView, AccountViews, statesOf } from '../accounts/account-views.js';
import { insightConfig } from '../accounts/insight.config.js';
import { Arrivals } from '../../dispatch/inline/arrivals.js';
import { Past } from '../../log/past.js';
import { failingCallers } from '../../wecom/outcomes/outcome.js';
import { OtherReplicas } from '../figures/other-replicas.js';
import { type RefusalGroup, RefusedCallbacks } from '../../log/refused-callbacks.js';
import { MISSING_WHYS, type MissingCallbacks, missingCallbacks } from './missing-callbacks.js';
import type { CauseCode } from '../accounts/cause.js';
import { concernedBy } from './concerned.js';
import { CAUSES_MAX, type Causes, causesOf } from './causes.js';
import { Names } from '../accounts/names.js';
import type { Conclusion, RepliesSeen, ProcessStatus } from './status.js';

/** How old a reply or an event may be to say something about now. */
const LATELY_MS = 3_600_000;

const MINUTE_MS = 60_000;
/** Every page of every operator asks, and none waits for the log. */
const REFUSALS_AGE_MS_MAX = 5_000;
const LOG_LIMIT_MS = 1_000;

/**
 * Concludes whether customers are being answered, from the accounts. No other place concludes it: the console and notifications
 * take it from here. The verdict is good only if replies were seen. Where none were seen, it says so.
 */
@Injectable()
export class Verdict {
  readonly #refusals: Recent<readonly RefusalGroup[] | null>;

  constructor(
    private readonly past: Past,
    private readonly arrivals: Arrivals,
    private readonly replicas: OtherReplicas,
    private readonly counts: QueueCounts,
    private readonly circuits: Circuits,
    private readonly bots: KnownBots,
    private readonly corps: Corps,
    private readonly names: Names,
    private readonly storeClock: StoreClock,
    @Inject(insightConfig.KEY) private readonly config: ConfigType<typeof insightConfig>,
    refused: RefusedCallbacks,
    clock: Clock,
    accounts: AccountViews,
    metrics: Metrics,
  ) {
    this.#refusals = new Recent(clock, async () => {
      const asked = refused.list(null, this.storeClock.nowMs() - MINUTE_MS);
      return (await answerInTime(LOG_LIMIT_MS, 'list refused callbacks', asked))?.groups ?? null;
    });
    metrics.reads('wxkf_failing_reply_accounts', async () =>
      only(countOf((await accounts.list()).views, 'replies_fail')),
    );
    metrics.reads('wxkf_corps_without_callbacks', () => this.#corpsWithoutCallbacks());
  }

  /** @param status of the same moment. */
  async of(status: ProcessStatus, views: readonly AccountView[]): Promise<Conclusion> {
    const { causes, more } = await this.causes(status, views);
    const shown = causes.slice(0, CAUSES_MAX);
    const replies = this.#replies(views);
    const troubled = views.filter(({ judged }) => judged.reasons.length > 0);
    const isFailing = causes.some(({ severity }) => severity === 'bad');
    const calm = causes.length > 0 ? 'degraded' : this.#calmState(views, replies);
    return {
      state: isFailing ? 'failing' : calm,
      causes: shown.map((cause) => this.names.of({ ...cause, ...concernedBy(cause, troubled) })),
      moreCauses: causes.length - shown.length + more,
      replies,
      accounts: statesOf(views),
    };
  }

  /** All of them. */
  async causes(status: ProcessStatus, views: readonly AccountView[]): Promise<Causes> {
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
      refusals: status.lastMinute.refused === 0 ? null : await this.#refusals.latest(REFUSALS_AGE_MS_MAX),
      isKnownCorp: (corpId) => this.corps.has(corpId),
      openCircuits: this.circuits.failing,
      awayReplicas: this.replicas.away(),
      missingCallbacks: this.#missingCallbacks(),
      replyWithinMs: this.config.replyWithinMs,
    });
  }

  #missingCallbacks(): readonly MissingCallbacks[] {
    const { arrivals } = this;
    const takesMessages = (botId: string) => this.bots.find(botId)?.takes === 'message';
    return missingCallbacks(
      arrivals.bots().filter(({ botId }) => takesMessages(botId)),
      arrivals.corps().filter(({ corpId }) => this.corps.has(corpId)),
      arrivals.sinceMs,
      this.storeClock.nowMs(),
    );
  }

  #corpsWithoutCallbacks(): readonly Sample<'why'>[] {
    const all = this.#missingCallbacks();
    return MISSING_WHYS.map((why) => ({
      labels: { why },
      value: all.filter((one) => one.why === why).length,
    }));
  }

  #replies(views: readonly AccountView[]): RepliesSeen {
    const sinceMs = this.storeClock.nowMs() - LATELY_MS;
    const counts = { answering: 0, silent: 0, unseen: 0 };
    let lastAtMs = 0;
    for (const { takenAtMs, replies } of views) {
      const { repliedAtMs } = replies;
      lastAtMs = Math.max(lastAtMs, repliedAtMs ?? 0);
      if (takenAtMs < sinceMs) continue;
      counts[repliedAtMs === null ? 'unseen' : repliedAtMs >= sinceMs ? 'answering' : 'silent']++;
    }
    return { ...counts, lastAtMs: lastAtMs === 0 ? null : lastAtMs };
  }

  #calmState(views: readonly AccountView[], { answering, silent, unseen }: RepliesSeen): Conclusion['state'] {
    if (answering + silent + unseen === 0)
      return views.length === 0 && this.bots.size === 0 ? 'empty' : 'quiet';
    if (answering === 0) return 'unseen';
    return unseen === 0 ? 'answered' : 'partly';
  }
}

function countOf(views: readonly AccountView[], wanted: CauseCode): number {
  return views.filter(({ judged }) => judged.reasons.some(({ code }) => code === wanted)).length;
}
