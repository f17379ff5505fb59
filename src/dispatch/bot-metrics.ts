import { Injectable } from '@nestjs/common';
import { Metrics, type Sample } from '../metrics/metrics.js';
import { type KnownBot, KnownBots } from '../registry/bots/known-bots.js';
import { Deliveries } from './endpoint/deliveries.js';

/** What became of deliveries to each bot that an operator added. */
@Injectable()
export class BotMetrics {
  constructor(
    metrics: Metrics,
    bots: KnownBots,
    private readonly deliveries: Deliveries,
  ) {
    metrics.reads('wxkf_bot_attempts_total', () => bots.list().flatMap((bot) => this.#samplesOf(bot)));
  }

  #samplesOf({ id, name }: KnownBot): Sample<'bot' | 'name' | 'outcome'>[] {
    return Object.entries(this.deliveries.ofBot(id)).map(([outcome, value]) => ({
      labels: { bot: id, name, outcome },
      value,
    }));
  }
}
