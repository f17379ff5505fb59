import { toAgeS, toIso, toTime } from '../../http/answers/times.js';
import type { Conclusion, ProcessStatus } from '../../insight/verdict/status.js';
import { REPLICA } from '../../kernel/replica.js';
import { VERSION } from '../../kernel/version.js';
import { toSessions } from '../accounts/account-answer.js';
import { toCauseAnswer } from '../answers/cause.dto.js';
import type { CountsAnswer, StatusAnswer } from './status.dto.js';
import type { VerdictAnswer } from './verdict.dto.js';

export function toStatusAnswer(status: ProcessStatus, verdict: Conclusion): StatusAnswer {
  const { atMs, isReady, storage, hints, messages, customers, lastMinute, unknownAccounts } = status;
  /** @param counted `null` where the store does not answer. @param oldestAtMs `null` where none waits. */
  const ageS = (counted: object | null, oldestAtMs: number | null = null): number | null =>
    counted === null ? null : toAgeS(atMs, oldestAtMs ?? atMs);
  return {
    version: VERSION,
    node: process.versions.node,
    replica: REPLICA,
    startedAt: toIso(performance.timeOrigin),
    uptimeS: process.uptime(),
    ready: isReady,
    storage: { kind: storage.kind, up: storage.isUp },
    counts: toCounts(status),
    unknownAccounts: { count: unknownAccounts.count, examples: [...unknownAccounts.examples] },
    oldestWaitingAgeS: ageS(hints, hints?.oldestWaitingAtMs),
    oldestParkedAgeS: ageS(hints, hints?.oldestParkedAtMs),
    oldestMessageAgeS: ageS(messages, messages?.oldestWaitingAtMs),
    sessions: customers && toSessions(customers),
    lastMinute,
    verdict: toVerdictAnswer(verdict),
  };
}

function toCounts({ accounts, online, hints, messages, openCircuits }: ProcessStatus): CountsAnswer {
  const { waiting = null, parked = null, paused = null, dead = null, unreadable = null } = hints ?? {};
  return {
    accounts,
    online,
    waiting,
    parked,
    paused,
    dead,
    unreadable,
    waitingMessages: messages?.waiting ?? null,
    deadMessages: messages?.dead ?? null,
    openCircuits,
  };
}

function toVerdictAnswer({ causes, replies, ...same }: Conclusion): VerdictAnswer {
  const { lastAtMs, ...counts } = replies;
  return {
    ...same,
    causes: causes.map(toCauseAnswer),
    replies: { ...counts, lastAt: toTime(lastAtMs) },
  };
}
