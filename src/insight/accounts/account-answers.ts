import { Injectable } from '@nestjs/common';
import type { LastTaken } from '../../dispatch/endpoint/deliveries.js';
import type { HintHead } from '../../dispatch/outbox/hint.js';
import { BotEndpoints } from '../../dispatch/endpoint/bot-endpoint.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { Destinations } from '../../registry/accounts/destination.js';
import type { Puppet } from '../../storage/puppets/puppet.js';
import type { ReplyFailure } from '../../wecom/outcomes/call-outcomes.js';
import { AllFigures } from '../figures/all-figures.js';
import type { KfAccountAnswer } from './kf-account.dto.js';
import { toDuration, toIso } from '../../http/answers/times.js';
import { toFailureAnswer, toHintAnswer } from '../answers/hint-answer.js';
import { toLastHourAnswer } from '../answers/last-hour-answer.js';
import type { Failure } from '../../storage/queue/line.js';

/** The first that applies: a hint is dead, a hint waits, the puppet has deregistered, none of these. */
export const ACCOUNT_STATES = [
  'dead',
  'waiting',
  'offline',
  'online',
] as const satisfies readonly KfAccountAnswer['state'][];
export type AccountState = (typeof ACCOUNT_STATES)[number];

/** Answers about registrations, picked field by field, so that no secret is shown by accident. */
@Injectable()
export class AccountAnswers {
  constructor(
    private readonly figures: AllFigures,
    private readonly destinations: Destinations,
    private readonly botEndpoints: BotEndpoints,
    private readonly storeClock: StoreClock,
  ) {}

  /** @param hint the hint of the account and its corp; `null` when nothing waits, or the store does not answer. */
  of(puppet: Puppet, hint: HintHead | null): KfAccountAnswer {
    const { openKfId, name, corpId, endpoint, online, lastOnlineAtMs, from } = puppet;
    const figures = this.figures.ofAccount(puppet);
    const { taken, failure, repliedAtMs, replyFailure, noAccount, lastHour } = figures;
    const botEndpoint = this.botEndpoints.to(this.destinations.find(puppet));
    return {
      openKfId,
      name,
      corpId,
      endpoint,
      state: stateOf(puppet, hint),
      online,
      lastOnlineAt: lastOnlineAtMs === null ? null : toIso(lastOnlineAtMs),
      registeredFrom: from === '' ? null : from,
      circuit: botEndpoint?.isOpen ? 'open' : 'closed',
      hint: hint === null ? null : toHintAnswer(hint, name, this.storeClock.nowMs()),
      lastDelivery: taken === null ? null : toLastDelivery(taken),
      lastFailure: toFailureAnswer(later(failure, hint?.lastFailure ?? null)),
      lastReplyAt: repliedAtMs === null ? null : toIso(repliedAtMs),
      replyFailure: toReplyFailure(replyFailure),
      noAccount: toReplyFailure(noAccount),
      lastHour: toLastHourAnswer(lastHour),
      endpointLastHour: toLastHourAnswer(figures.endpointLastHour),
      endpointLastFailure: toFailureAnswer(figures.endpointFailure),
    };
  }
}

export function stateOf({ online }: Puppet, hint: HintHead | null): AccountState {
  if (hint !== null) return hint.state === 'dead' ? 'dead' : 'waiting';
  return online ? 'online' : 'offline';
}

function toLastDelivery({ atMs, status, durationMs, occasion }: LastTaken) {
  return { at: toIso(atMs), status, durationMs: toDuration(durationMs), occasion };
}

function toReplyFailure(failure: ReplyFailure | null): KfAccountAnswer['replyFailure'] {
  return failure === null ? null : { why: failure.why, since: toIso(failure.sinceMs) };
}

function later(a: Failure | null, b: Failure | null): Failure | null {
  if (a === null || b === null) return a ?? b;
  return a.atMs >= b.atMs ? a : b;
}
