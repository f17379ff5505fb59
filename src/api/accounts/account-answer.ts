import { toDuration, toIso, toTime } from '../../http/answers/times.js';
import type { AccountDetails } from '../../insight/accounts/account-list.js';
import type { CustomerCount } from '../../insight/accounts/customer-counts.js';
import type { Puppet } from '../../storage/puppets/puppet.js';
import { toCauseAnswer } from '../answers/cause.dto.js';
import { toFailureAnswer } from '../answers/failure.dto.js';
import { toHintAnswer } from '../answers/hint.dto.js';
import { toLastHourAnswer } from '../answers/last-hour.dto.js';
import type {
  AccountAnswer,
  AccountSessionsAnswer,
  AccountWaitingAnswer,
  LastDeliveryAnswer,
  RegistrationAnswer,
} from './account.dto.js';

/** @param nowMs store time. */
export function toAccountAnswer(details: AccountDetails, nowMs: number): AccountAnswer {
  const { view, isStored, corpName, taken, lastFailure, lastHour, atEndpoint, hours } = details;
  const {
    corpId,
    openKfId,
    name,
    inWecom,
    servedBy,
    address,
    bot,
    puppet,
    hint,
    judged,
    customers,
    unanswered,
  } = view;
  return {
    corpId,
    corpName,
    openKfId,
    name,
    inWecom,
    servedBy,
    address,
    botId: bot?.id ?? null,
    botName: bot?.name ?? null,
    state: judged.state,
    since: toTime(judged.sinceMs),
    causes: details.causes.map(toCauseAnswer),
    waiting: isStored ? toWaiting(view) : null,
    hint: hint === null ? null : toHintAnswer(hint, puppet?.name ?? null, nowMs),
    circuit: view.isCircuitOpen ? 'open' : 'closed',
    lastDelivery: taken === null ? null : toLastDelivery(taken),
    lastFailure: toFailureAnswer(lastFailure),
    registration: puppet === null || atEndpoint === null ? null : toRegistration(puppet, atEndpoint),
    unanswered: unanswered && { customers: unanswered.waiting, since: toTime(unanswered.sinceMs) },
    sessions: customers && toSessions(customers),
    lastMessageAt: toTime(view.takenAtMs || null),
    lastReplyAt: toTime(view.replies.repliedAtMs),
    lastHour: toLastHourAnswer(lastHour),
    hours: [...hours],
  };
}

export function toSessions(count: CustomerCount): AccountSessionsAnswer {
  const { bot, pool, people, poolSinceMs, unmet, unmetSinceMs } = count;
  return { bot, pool, people, poolSince: toTime(poolSinceMs), unmet, unmetSince: toTime(unmetSinceMs) };
}

function toWaiting({ hint, messages }: AccountDetails['view']): AccountWaitingAnswer {
  const events = hint?.events ?? 0;
  const isDead = hint?.state === 'dead';
  return {
    events: isDead ? 0 : events,
    messages: messages?.waiting ?? 0,
    dead: (isDead ? events : 0) + (messages?.dead ?? 0),
  };
}

function toLastDelivery({
  atMs,
  status,
  durationMs,
  occasion,
}: NonNullable<AccountDetails['taken']>): LastDeliveryAnswer {
  return { at: toIso(atMs), status, durationMs: toDuration(durationMs), occasion };
}

function toRegistration(
  { endpoint, online, lastOnlineAtMs, from }: Puppet,
  { lastHour, failure }: NonNullable<AccountDetails['atEndpoint']>,
): RegistrationAnswer {
  return {
    endpoint,
    online,
    lastOnlineAt: toTime(lastOnlineAtMs),
    registeredFrom: from === '' ? null : from,
    lastHour: toLastHourAnswer(lastHour),
    lastFailure: toFailureAnswer(failure),
  };
}
