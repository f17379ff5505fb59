import { IsInt, IsISO8601 } from 'class-validator';
import { toIso } from '../../http/answers/times.js';
import type { Failure, FailureStage, NotTriedStage } from '../../queue/failure.js';

/** Why a puppet did not take an event. */
export class FailureReasonAnswer {
  /**
   * The stage at which it failed.
   * @example connect
   */
  readonly stage!: FailureStage | NotTriedStage;

  /**
   * In words, without any secret.
   * @example "connection refused"
   */
  readonly reason!: string;

  /**
   * The HTTP status that the bot answered; null when it answered none, and when the status is no longer known.
   * @example null
   */
  @IsInt()
  readonly status!: number | null;
}

export class FailureAnswer extends FailureReasonAnswer {
  /**
   * When it failed; ISO 8601, UTC.
   * @example 2026-01-31T08:00:00.000Z
   */
  @IsISO8601()
  readonly at!: string;
}

export function toFailureAnswer(failure: Failure | null): FailureAnswer | null {
  if (failure === null) return null;
  return { at: toIso(failure.atMs), ...toFailureReason(failure) };
}

export function toFailureReason({ stage, reason, status }: Omit<Failure, 'atMs'>): FailureReasonAnswer {
  return { stage, reason, status: status ?? null };
}
