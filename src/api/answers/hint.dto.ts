import { IsInt, IsISO8601, Min } from 'class-validator';
import { toAgeS, toIso, toTime } from '../../http/answers/times.js';
import type { HintHead } from '../../queue/event.js';
import { SYNC_TOKEN_LIFE_MS } from '../../queue/retry-schedule.js';
import { toAddress } from '../../registry/endpoint/endpoint.js';
import { type LineState, runningLease } from '../../storage/queue/line.js';
import { type FailureAnswer, toFailureAnswer } from './failure.dto.js';

/** A hint: the events of an account that no bot has taken yet, and when the next attempt is. */
export class HintAnswer {
  /** @example wx5823bf96d3bd56c7 */
  readonly corpId!: string;

  /** @example wkAAA */
  readonly openKfId!: string;

  /**
   * The name of the account, if a puppet has registered for it.
   * @example Support
   */
  readonly name!: string | null;

  /**
   * Names the event that is sent next. It changes when another event is sent next, and with each replay.
   * @example 0b9d1c5e-6a0f-4a4c-9d6e-3f1f2a7c8b90
   */
  readonly generation!: string;

  /**
   * waiting: for its next attempt. parked: until a puppet registers, or the pause of its bot ends. dead: until it is replayed.
   * @example waiting
   */
  readonly state!: LineState;

  /**
   * How many events wait: one, the newest. For a callback bot that takes events: the newest 20 at most, which are sent one
   * after the other.
   * @example 1
   */
  @IsInt()
  @Min(1)
  readonly events!: number;

  /**
   * When the event that is sent next came in; ISO 8601, UTC.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly arrivedAt!: string;

  /**
   * When the first event came in that no bot has taken since; newer ones do not change it. ISO 8601, UTC.
   * @example 2026-01-31T07:47:00.000Z
   */
  @IsISO8601()
  readonly waitingSince!: string;

  /**
   * Seconds since `waitingSince`.
   * @example 780.2
   */
  @Min(0)
  readonly ageS!: number;

  /**
   * Attempts so far to send the event that is sent next.
   * @example 3
   */
  @IsInt()
  @Min(0)
  readonly attempts!: number;

  /**
   * When the next attempt is; ISO 8601, UTC.
   * @example 2026-01-31T08:00:10.000Z
   */
  @IsISO8601()
  readonly dueAt!: string | null;

  /**
   * Where the next attempt goes, or the last one went.
   * @example http://127.0.0.1:8080
   */
  readonly endpoint!: string | null;

  /** @example false */
  readonly isUnderWay!: boolean;

  /**
   * Whether its puppet will be told to pull without a sync token.
   * @example false
   */
  readonly isSyncTokenExpired!: boolean;

  readonly lastFailure!: FailureAnswer | null;
}

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
    dueAt: toTime(dueAtMs),
    endpoint: endpoint === null ? null : toAddress(endpoint),
    isUnderWay: runningLease(hint, nowMs) !== null,
    isSyncTokenExpired: nowMs - arrivedAtMs + lagMs >= SYNC_TOKEN_LIFE_MS,
    lastFailure: toFailureAnswer(lastFailure),
  };
}
