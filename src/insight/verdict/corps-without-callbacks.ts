import { Injectable } from '@nestjs/common';
import { Arrivals } from '../../dispatch/inline/arrivals.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { Metrics } from '../../metrics/metrics.js';
import { Corps } from '../../registry/accounts/corps.js';
import { KnownBots } from '../../registry/bots/known-bots.js';
import { MISSING_WHYS, type MissingCallbacks, missingCallbacks } from './missing-callbacks.js';

/** Which corps' callbacks do not arrive now, also as a metric. */
@Injectable()
export class CorpsWithoutCallbacks {
  constructor(
    private readonly arrivals: Arrivals,
    private readonly bots: KnownBots,
    private readonly corps: Corps,
    private readonly storeClock: StoreClock,
    metrics: Metrics,
  ) {
    metrics.reads('wxkf_corps_without_callbacks', () => {
      const all = this.list();
      return MISSING_WHYS.map((why) => ({
        labels: { why },
        value: all.filter((one) => one.why === why).length,
      }));
    });
  }

  /** Of corps, and bots that take messages, that are known still. */
  list(): readonly MissingCallbacks[] {
    const { arrivals } = this;
    return missingCallbacks(
      arrivals.bots().filter(({ botId }) => this.bots.find(botId)?.takes === 'message'),
      arrivals.corps().filter(({ corpId }) => this.corps.has(corpId)),
      arrivals.sinceMs,
      this.storeClock.nowMs(),
    );
  }
}
