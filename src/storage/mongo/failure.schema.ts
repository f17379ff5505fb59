import type { Failure } from '../../dispatch/outbox/hint.js';
import { hasShape, isCount, isDate, isText, orAbsent } from '../record-shape.js';

/** Why a hint or a message was not taken, in its record. */
export interface FailureRecord {
  readonly at: Date;
  readonly stage: Failure['stage'];
  readonly reason: string;
  /** Only there where a status came. */
  readonly status?: number | undefined;
}

export function toFailureRecord({ atMs, ...same }: Failure): FailureRecord {
  return { at: new Date(atMs), ...same };
}

export function fromFailureRecord({ at, stage, reason, status }: FailureRecord): Failure {
  return { atMs: at.getTime(), stage, reason, ...(status !== undefined && { status }) };
}

export const isFailureRecord = hasShape<FailureRecord>({
  at: isDate,
  stage: isText,
  reason: isText,
  status: orAbsent(isCount),
});
