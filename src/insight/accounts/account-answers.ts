import { Injectable } from '@nestjs/common';
import type { LastTaken } from '../../dispatch/endpoint/deliveries.js';
import type { HintHead } from '../../queue/event.js';
import { BotEndpoints } from '../../dispatch/endpoint/bot-endpoint.js';
import { StoreClock } from '../../kernel/store-clock.js';
import { Destinations } from '../../registry/accounts/destination.js';
import type { Puppet } from '../../storage/puppets/puppet.js';
import type { Outcome } from '../../wecom/outcomes/outcome.js';
import { AllFigures } from '../figures/all-figures.js';
import type { KfAccountAnswer } from './kf-account.dto.js';
import { toDuration, toIso } from '../../http/answers/times.js';
import { toFailureAnswer, toHintAnswer } from '../answers/hint-answer.js';
import { toLastHourAnswer } from '../answers/last-hour-answer.js';
import type { Failure } from '../../queue/failure.js';

/** The first that applies: a hint is dead, a hint waits, the puppet has deregistered or cannot be reached, none of these. */
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
    const { openKfId, name, corpId, endpoint, lastOnlineAtMs, from } = puppet;
    const figures = this.figures.ofAccount(puppet);
    const { taken, failure, repliedAtMs, replyFailure, noAccount, lastHour } = figures;
    const isOnline = this.isOnline(puppet);
    return {
      openKfId,
      name,
      corpId,
      endpoint,
      state: hint === null ? (isOnline ? 'online' : 'offline') : hint.state === 'dead' ? 'dead' : 'waiting',
      online: isOnline && hint?.state !== 'dead',
      lastOnlineAt: lastOnlineAtMs === null ? null : toIso(lastOnlineAtMs),
      registeredFrom: from === '' ? null : from,
      circuit: this.#isOpen(puppet) ? 'open' : 'closed',
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

  /** Whether it has registered, and what is sent there does not fail again and again. */
  isOnline(puppet: Puppet): boolean {
    return puppet.online && !this.#isOpen(puppet);
  }

  #isOpen(puppet: Puppet): boolean {
    return this.botEndpoints.to(this.destinations.find(puppet))?.isOpen === true;
  }
}

function toLastDelivery({ atMs, status, durationMs, occasion }: LastTaken) {
  return { at: toIso(atMs), status, durationMs: toDuration(durationMs), occasion };
}

function toReplyFailure(failure: Outcome | null): KfAccountAnswer['replyFailure'] {
  return failure === null ? null : { why: failure.why, since: toIso(failure.sinceMs) };
}

function later(a: Failure | null, b: Failure | null): Failure | null {
  if (a === null || b === null) return a ?? b;
  return a.atMs >= b.atMs ? a : b;
}
