import { Injectable } from '@nestjs/common';
import { Circuits } from '../../dispatch/endpoint/circuits.js';
import { Readiness } from '../../health/readiness.js';
import { StoreClock } from '../../kernel/store-clock.js';
import type { AccountView, AccountViewList } from '../accounts/account-views.js';
import { sumOf } from '../accounts/customer-counts.js';
import { LastMinute } from '../figures/last-minute.js';
import type { ProcessStatus } from './status.js';
import { StoreCounts } from '../accounts/store-counts.js';

/** Reads the state of this process and of the store. */
@Injectable()
export class ProcessFigures {
  constructor(
    private readonly circuits: Circuits,
    private readonly stored: StoreCounts,
    private readonly lastMinute: LastMinute,
    private readonly readiness: Readiness,
    private readonly storeClock: StoreClock,
  ) {}

  async read({ views, unknown }: AccountViewList): Promise<ProcessStatus> {
    const [[hints, messages], state] = await Promise.all([this.stored.latest(), this.stored.state()]);
    return {
      atMs: this.storeClock.nowMs(),
      isReady: this.readiness.isReady,
      storage: { kind: this.stored.kind, ...state },
      accounts: views.length,
      unknownAccounts: unknown,
      online: views.filter(isOnline).length,
      hints,
      messages,
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
