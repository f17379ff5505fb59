import { Injectable } from '@nestjs/common';
import { Metrics, only } from '../../metrics/metrics.js';
import { KnownBots } from '../../registry/bots/known-bots.js';
import { AccountViews } from '../accounts/account-views.js';
import type { Cause } from '../accounts/cause.js';
import { CAUSE_TABLE } from '../accounts/cause-table.js';
import { Names } from '../accounts/names.js';
import { CurrentCauses } from './current-causes.js';
import { ProcessFigures } from './process-figures.js';
import type { Conclusion, ProcessStatus } from './status.js';
import { conclude } from './verdict.js';

type CausesById = ReadonlyMap<string, readonly Cause[]>;

/** The state of this process with its verdict, for the API and for notifications. */
@Injectable()
export class CurrentStatus {
  constructor(
    private readonly accounts: AccountViews,
    private readonly figures: ProcessFigures,
    private readonly causes: CurrentCauses,
    private readonly names: Names,
    private readonly bots: KnownBots,
    metrics: Metrics,
  ) {
    metrics.reads('wxkf_failing_reply_accounts', async () => {
      const { views } = await this.accounts.list();
      const failing = views.filter(({ judged }) =>
        judged.reasons.some(({ code }) => code === 'replies_fail'),
      );
      return only(failing.length);
    });
  }

  async read(): Promise<{ status: ProcessStatus; verdict: Conclusion }> {
    const list = await this.accounts.list();
    const { views } = list;
    const status = await this.figures.read(list);
    const found = await this.causes.of(status, views);
    const verdict = conclude(found, views, { hasBots: this.bots.size > 0, nowMs: status.atMs });
    return { status, verdict: { ...verdict, causes: verdict.causes.map((cause) => this.names.of(cause)) } };
  }

  /** All that is wrong with each bot or its accounts, the worst first. */
  async causesByBot(): Promise<CausesById> {
    const ofBots = (await this.#named()).filter(({ botId }) => botId !== null);
    return Map.groupBy(ofBots, ({ botId }) => botId ?? '');
  }

  /** All that is wrong between WeCom and the apps of each corp, the worst first. */
  async causesByCorp(): Promise<CausesById> {
    const ofCorps = (await this.#named()).filter(
      ({ code, corpId }) => CAUSE_TABLE[code].isOfApp && corpId !== null,
    );
    return Map.groupBy(ofCorps, ({ corpId }) => corpId ?? '');
  }

  async #named(): Promise<readonly Cause[]> {
    const list = await this.accounts.list();
    const { causes } = await this.causes.of(await this.figures.read(list), list.views);
    return causes.map((cause) => this.names.of(cause));
  }
}
