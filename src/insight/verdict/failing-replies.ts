import { Injectable } from '@nestjs/common';
import { Metrics, only } from '../../metrics/metrics.js';
import { Destinations } from '../../registry/accounts/destination.js';
import type { CallTrouble, ReplyFailure, ReplyingAccount } from '../../wecom/outcomes/call-outcomes.js';
import { WecomMetrics } from '../../wecom/outcomes/wecom-metrics.js';
import { AllFigures } from '../figures/all-figures.js';
import { SeenByOthers } from '../figures/seen-by-others.js';

/** Accounts whose replies do not go out. */
export interface AccountTroubles {
  readonly failing: readonly CallTrouble[];
  /** WeCom does not have these accounts, although a bot here takes their events. */
  readonly unknown: readonly CallTrouble[];
}

/** Accounts whose replies fail, as seen by all replicas. The page of such an account says the same. */
@Injectable()
export class FailingReplies {
  constructor(
    private readonly wecom: WecomMetrics,
    private readonly others: SeenByOthers,
    private readonly figures: AllFigures,
    private readonly destinations: Destinations,
    metrics: Metrics,
  ) {
    metrics.reads('wxkf_failing_reply_accounts', () => only(this.list().failing.length));
  }

  list(): AccountTroubles {
    const failing: CallTrouble[] = [];
    const unknown: CallTrouble[] = [];
    for (const account of this.#suspects().values()) {
      const { replyFailure, noAccount } = this.figures.repliesOf(account);
      if (replyFailure !== null) failing.push(toTrouble(account, replyFailure));
      if (noAccount !== null && this.#hasTaker(account)) unknown.push(toTrouble(account, noAccount));
    }
    return { failing, unknown };
  }

  /** Accounts whose replies failed at one replica. Another replica may have sent a reply since. */
  #suspects(): ReadonlyMap<string, ReplyingAccount> {
    const suspects = new Map<string, ReplyingAccount>();
    for (const { openKfId, corpId, replyFailure, noAccount } of this.others.replies.all()) {
      // Entries of other replicas stay in the store when nobody has the account any more.
      const isOver = corpId !== null && !this.#hasTaker({ openKfId, corpId });
      if ((replyFailure !== null || noAccount !== null) && !isOver)
        suspects.set(openKfId, { openKfId, corpId });
    }
    for (const { openKfId, corpId } of [...this.wecom.failingAccounts, ...this.wecom.unknownAccounts])
      if (openKfId !== null) suspects.set(openKfId, { openKfId, corpId });
    return suspects;
  }

  /** Nobody takes the events of an account that a bot names by mistake. */
  #hasTaker({ corpId, openKfId }: ReplyingAccount): boolean {
    return corpId !== null && this.destinations.find({ corpId, openKfId }).hasTaker;
  }
}

function toTrouble({ openKfId, corpId }: ReplyingAccount, { why, sinceMs }: ReplyFailure): CallTrouble {
  return { corpId, openKfId, operation: 'call', why, sinceMs };
}
