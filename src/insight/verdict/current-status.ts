import { Injectable } from '@nestjs/common';
import { Circuits } from '../../dispatch/endpoint/circuits.js';
import { Readiness } from '../../health/readiness.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { type AccountView, AccountViews } from '../accounts/account-views.js';
import { sumOf } from '../accounts/customer-counts.js';
import type { Cause, CauseCode } from '../accounts/cause.js';
import { LastMinute } from '../figures/last-minute.js';
import { Names } from '../accounts/names.js';
import { StoreCounts } from './store-counts.js';
import type { Conclusion, ProcessStatus } from './status.js';
import { Verdict } from './verdict.js';

type CausesById = ReadonlyMap<string, readonly Cause[]>;

/** What WeCom sends does not arrive, or does not open, or WeCom refuses what the corp's bots ask. */
const OF_APPS: ReadonlySet<CauseCode> = new Set(['refused', 'wecom_fails', 'callbacks_missing']);

/** The state of this process with its verdict, for the API and for notifications. */
@Injectable()
export class CurrentStatus {
  constructor(
    private readonly accounts: AccountViews,
    private readonly names: Names,
    private readonly circuits: Circuits,
    private readonly stored: StoreCounts,
    private readonly lastMinute: LastMinute,
    private readonly readiness: Readiness,
    private readonly storeClock: StoreClock,
    private readonly verdict: Verdict,
  ) {}

  async read(): Promise<{ status: ProcessStatus; verdict: Conclusion }> {
    const { views } = await this.accounts.list();
    const status = await this.#figures(views);
    return { status, verdict: await this.verdict.of(status, views) };
  }

  /** All that is wrong with each bot or its accounts, the worst first. */
  async causesByBot(): Promise<CausesById> {
    const ofBots = (await this.#causes()).filter(({ botId }) => botId !== null);
    return Map.groupBy(ofBots, ({ botId }) => botId ?? '');
  }

  /** All that is wrong between WeCom and the apps of each corp, the worst first. */
  async causesByCorp(): Promise<CausesById> {
    const ofCorps = (await this.#causes()).filter(({ code, corpId }) => OF_APPS.has(code) && corpId !== null);
    return Map.groupBy(ofCorps, ({ corpId }) => corpId ?? '');
  }

  async #causes(): Promise<readonly Cause[]> {
    const { views } = await this.accounts.list();
    const { causes } = await this.verdict.causes(await this.#figures(views), views);
    return causes.map((cause) => this.names.of(cause));
  }

  async #figures(views: readonly AccountView[]): Promise<ProcessStatus> {
    const [[hints, messages], isUp] = await Promise.all([this.stored.latest(), this.stored.isUp()]);
    return {
      atMs: this.storeClock.nowMs(),
      isReady: this.readiness.isReady,
      storage: { kind: this.stored.kind, isUp },
      accounts: views.length,
      online: views.filter(isOnline).length,
      ...{ hints, messages },
      openCircuits: this.circuits.failing.size,
      customers: sumOf(views.map((view) => view.customers)),
      lastMinute: this.lastMinute.totals(),
    };
  }
}

/** Whether a bot is there that can be reached, and nothing is dead. */
function isOnline({ servedBy, judged }: AccountView): boolean {
  if (servedBy !== 'bot' && servedBy !== 'puppet') return false;
  if (judged.reasons.some(({ code }) => code === 'circuits')) return false;
  return !['failing', 'unserved', 'paused', 'offline'].includes(judged.state);
}
