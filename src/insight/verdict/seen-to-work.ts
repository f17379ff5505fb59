import { Injectable } from '@nestjs/common';
import { Past } from '../../log/past.js';
import type { Subject, WecomOutcome } from '../../log/outcome.js';
import { Arrivals } from '../../dispatch/inline/arrivals.js';
import { type AccountView, AccountViews } from '../accounts/account-views.js';
import { OtherReplicas } from '../figures/other-replicas.js';
import type { Cause } from '../accounts/cause.js';
import { CAUSE_TABLE } from '../accounts/cause-table.js';
import { botOf, placeOf } from './hint-causes.js';

/** Whether it was seen to work since then, as far as is known: what nobody has any more was not. */
export type SeenToWork = (cause: Cause, when: TroubleTimes) => boolean;

/** Of a trouble, store time. */
export interface TroubleTimes {
  readonly beganAtMs: number;
  /** When it was last there. */
  readonly seenAtMs: number;
}

/** What was seen to go well: a reply that WeCom accepted, a token that it gave, an event that was taken, a replica that wrote. */
@Injectable()
export class Successes {
  constructor(
    private readonly accounts: AccountViews,
    private readonly arrivals: Arrivals,
    private readonly replicas: OtherReplicas,
    private readonly past: Past,
  ) {}

  async look(): Promise<SeenToWork> {
    const { views } = await this.accounts.list();
    const callers = this.past.callers();
    return (cause, { beganAtMs, seenAtMs }) => {
      if (cause.replica) return this.replicas.isBack(cause.replica, beganAtMs);
      if (cause.code === 'callbacks_missing')
        return this.arrivals.lastOfCorp(cause.corpId ?? '') >= beganAtMs;
      const { over } = CAUSE_TABLE[cause.code];
      if (over === 'reply') return hasReplied(views, cause, beganAtMs);
      if (over !== undefined && over !== 'unseen') return hasSucceeded(callers, over, cause, beganAtMs);
      return this.#hasTaken(cause, seenAtMs);
    };
  }

  /** Whether something was taken at the place of the cause; where it has none, by its bot, or of its corp. Scans all addresses. */
  #hasTaken({ address, port, botId, corpId }: Cause, sinceMs: number): boolean {
    for (const endpoint of this.past.addressesTakingSince(sinceMs)) {
      const place = placeOf(endpoint);
      if (place === null) continue;
      const isThere = address === (port === null ? place.host : place.address);
      if (place.isStream ? address === null && botOf([endpoint]) === botId : isThere) return true;
    }
    if (address !== null) return false;
    if (botId !== null) return (this.past.ofBot(botId).taken?.atMs ?? 0) >= sinceMs;
    return corpId !== null && (this.past.takenByCorp().get(corpId) ?? 0) >= sinceMs;
  }
}

function hasReplied(views: readonly AccountView[], cause: Cause, sinceMs: number): boolean {
  return views.some(
    ({ corpId, openKfId, bot, replies }) =>
      (cause.openKfId === null || cause.openKfId === openKfId) &&
      (cause.botId === null ? cause.corpId === corpId : cause.botId === bot?.id) &&
      (replies.repliedAtMs ?? 0) >= sinceMs,
  );
}

function hasSucceeded(
  callers: readonly WecomOutcome[],
  subjects: readonly Subject[],
  cause: Cause,
  sinceMs: number,
): boolean {
  return callers.some(
    ({ subject, corpId, botId, okAtMs }) =>
      subjects.includes(subject) &&
      (cause.corpId === null || cause.corpId === corpId) &&
      (cause.botId === null || cause.botId === botId) &&
      okAtMs >= sinceMs,
  );
}
