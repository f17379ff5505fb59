import { Injectable } from '@nestjs/common';
import { Deliveries, type LastDeliveries, type SeenAttempts } from '../../dispatch/endpoint/deliveries.js';
import { type AttemptCounts, countsOf, sumOf } from '../../dispatch/endpoint/recent-attempts.js';
import type { Failure } from '../../storage/queue/line.js';
import { StoreClock } from '../../kernel/store-clock.js';
import type { Puppet } from '../../storage/puppets/puppet.js';
import {
  type AccountReplies,
  FAILURE_LIFE_MS,
  type ReplyFailure,
  type ReplyingAccount,
} from '../../wecom/outcomes/call-outcomes.js';
import { WecomMetrics } from '../../wecom/outcomes/wecom-metrics.js';
import { SeenByOthers } from './seen-by-others.js';

type AccountKey = Pick<Puppet, 'openKfId' | 'corpId'>;

export interface SeenOfAccount extends LastDeliveries, AccountReplies {
  /** The attempts for all accounts at its address. */
  readonly endpointLastHour: AttemptCounts;
  /** The last failed attempt there, for any account. */
  readonly endpointFailure: Failure | null;
}

/** What all replicas have seen: this one until now, the others until a minute ago. */
@Injectable()
export class AllFigures {
  constructor(
    private readonly deliveries: Deliveries,
    private readonly wecom: WecomMetrics,
    private readonly others: SeenByOthers,
    private readonly storeClock: StoreClock,
  ) {}

  ofAccount(puppet: Puppet): SeenOfAccount {
    const { endpoint } = puppet;
    const ofAddress = this.#together(
      this.deliveries.ofEndpoint(endpoint),
      this.others.addresses.of(endpoint),
    );
    return {
      ...this.deliveriesOf(puppet),
      ...this.repliesOf(puppet),
      endpointLastHour: ofAddress.lastHour,
      endpointFailure: ofAddress.failure,
    };
  }

  deliveriesOf(account: AccountKey): LastDeliveries {
    const seen = this.others.accounts.of(account.openKfId).filter(({ corpId }) => corpId === account.corpId);
    return this.#together(this.deliveries.lastOf(account), seen);
  }

  ofBot(id: string): LastDeliveries {
    return this.#together(this.deliveries.ofBot(id), this.others.bots.of(id));
  }

  /** When an event of each corp was last taken, store time. Scans all accounts. */
  takenByCorp(): ReadonlyMap<string, number> {
    const times = new Map(this.deliveries.lastTakenByCorp());
    for (const { corpId, eventTakenAtMs } of this.others.accounts.all())
      if (eventTakenAtMs > (times.get(corpId) ?? 0)) times.set(corpId, eventTakenAtMs);
    return times;
  }

  /** WeCom's last answer to replies, through any replica: they go out, they fail, or there is no such account. */
  repliesOf(account: ReplyingAccount): AccountReplies {
    const seen = this.others.replies
      .of(account.openKfId)
      .filter(({ corpId }) => corpId === null || account.corpId === null || corpId === account.corpId);
    const all = [this.wecom.repliesOf(account), ...seen];
    const repliedAtMs = Math.max(...all.map((one) => one.repliedAtMs ?? 0));
    const replyFailure = newest(all.map((one) => one.replyFailure));
    const noAccount = newest(all.map((one) => one.noAccount));
    const lastMs = Math.max(repliedAtMs, replyFailure?.atMs ?? 0, noAccount?.atMs ?? 0);
    const ifLast = (failure: ReplyFailure | null) =>
      failure?.atMs === lastMs && this.#isOfNow(failure) ? failure : null;
    return {
      repliedAtMs: repliedAtMs === 0 ? null : repliedAtMs,
      replyFailure: ifLast(replyFailure),
      noAccount: ifLast(noAccount),
    };
  }

  #isOfNow({ atMs }: ReplyFailure): boolean {
    return this.storeClock.nowMs() - atMs < FAILURE_LIFE_MS;
  }

  #together(own: LastDeliveries, others: readonly SeenAttempts[]): LastDeliveries {
    if (others.length === 0) return own;
    const nowMs = this.storeClock.nowMs();
    return {
      lastHour: sumOf([own.lastHour, ...others.map(({ slots }) => countsOf(slots, nowMs))]),
      taken: newest([own.taken, ...others.map(({ taken }) => taken)]),
      failure: newest([own.failure, ...others.map(({ failure }) => failure)]),
    };
  }
}

function newest<T extends { readonly atMs: number }>(some: readonly (T | null)[]): T | null {
  return some.reduce<T | null>(
    (last, one) => (one !== null && one.atMs > (last?.atMs ?? -1) ? one : last),
    null,
  );
}
