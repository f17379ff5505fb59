import type { HintHead } from '../../queue/event.js';
import { SYNC_TOKEN_LIFE_MS } from '../../queue/retry-schedule.js';
import { toAddress } from '../../registry/endpoint/endpoint.js';
import type { FailureAnswer, FailureReasonAnswer } from './failure.dto.js';
import type { HintAnswer } from './hint.dto.js';
import { toAgeS, toIso } from '../../http/answers/times.js';
import { runningLease } from '../../storage/queue/line.js';
import type { Failure } from '../../queue/failure.js';

/** @param name the name of its account; `null` when no puppet has registered it. @param nowMs store time. */
export function toHintAnswer(hint: HintHead, name: string | null, nowMs: number): HintAnswer {
  const { corpId, openKfId, generation, state, events, arrivedAtMs, waitingSinceMs, attempts } = hint;
  const { lagMs, dueAtMs, endpoint, lastFailure } = hint;
  return {
    corpId,
    openKfId,
    name,
    generation,
    state,
    events,
    arrivedAt: toIso(arrivedAtMs),
    waitingSince: toIso(waitingSinceMs),
    ageS: toAgeS(nowMs, waitingSinceMs),
    attempts,
    dueAt: dueAtMs === null ? null : toIso(dueAtMs),
    endpoint: endpoint === null ? null : toAddress(endpoint),
    isUnderWay: runningLease(hint, nowMs) !== null,
    isSyncTokenExpired: nowMs - arrivedAtMs + lagMs >= SYNC_TOKEN_LIFE_MS,
    lastFailure: toFailureAnswer(lastFailure),
  };
}

export function toFailureAnswer(failure: Failure | null): FailureAnswer | null {
  if (failure === null) return null;
  return { at: toIso(failure.atMs), ...toFailureReason(failure) };
}

export function toFailureReason({ stage, reason, status }: Omit<Failure, 'atMs'>): FailureReasonAnswer {
  return { stage, reason, status: status ?? null };
}
