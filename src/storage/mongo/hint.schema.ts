import { randomUUID } from 'node:crypto';
import { mongo } from 'mongoose';
import {
  claimableAtMs,
  HINT_STATES,
  type Hint,
  type HintHead,
  type HintState,
  hintKey,
} from '../../dispatch/outbox/hint.js';
import { readTraceparent } from '../../kernel/trace-context.js';
import { hasShape, isCount, isDate, isText, orAbsent, orNull } from '../record-shape.js';
import { type FailureRecord, fromFailureRecord, isFailureRecord, toFailureRecord } from './failure.schema.js';

/**
 * Hints are ours alone and written by the driver itself: what mongoose's schemas would add, casts and defaults,
 * would hide a record that does not have its shape. Nor is it worth its time where every record is checked.
 */
export const HINTS = 'wxkfhints';

/** The state of a record that was set aside because it cannot be read. */
export const UNREADABLE = 'unreadable';

/** The hint of one kf account. */
export interface HintRecord extends HeadRecord {
  /** The hint's key. */
  readonly _id: string;
  readonly corpId: string;
  readonly openKfId: string;
  readonly generation: string;
  readonly arrivedAt: Date;
  /** Not there in what an earlier version kept. */
  readonly waitingSince: Date | undefined;
  readonly eventId: string;
  readonly syncToken: string;
  /** Not there in what an earlier version kept. */
  readonly createdAtS: number | null | undefined;
  /** Not there in what an earlier version kept. */
  readonly lagMs: number | undefined;
  readonly raw: RawRecord | null;
  /** Not there in what an earlier version kept. */
  readonly traceparent: string | null | undefined;
  readonly keysId: string | null;
  /** New with every write and never used twice: a record that still has it is as it was read. */
  readonly revision: string;
}

/** The fields that change while the event stays the same. */
export interface HeadRecord {
  readonly state: HintState | typeof UNREADABLE;
  readonly attempts: number;
  readonly step: number;
  readonly dueAt: Date | null;
  readonly endpoint: string | null;
  readonly lastFailure: FailureRecord | null;
  /** `null` for never. Not there in what an earlier version kept. */
  readonly probedAt: Date | null | undefined;
  readonly leaseId: string | null;
  readonly leasedUntil: Date | null;
  /** `null` for never, which no comparison finds. */
  readonly claimableAt: Date | null;
}

interface RawRecord {
  readonly msgSignature: string;
  readonly timestamp: string;
  readonly nonce: string;
  readonly body: mongo.Binary;
}

export function toRecord(hint: Hint): HintRecord {
  const { corpId, openKfId, generation, arrivedAtMs, waitingSinceMs, event, keysId } = hint;
  return {
    _id: hintKey(hint),
    corpId,
    openKfId,
    generation,
    arrivedAt: new Date(arrivedAtMs),
    waitingSince: new Date(waitingSinceMs),
    eventId: event.id,
    syncToken: event.syncToken,
    createdAtS: event.createdAtS,
    lagMs: event.lagMs,
    raw: event.raw === null ? null : { ...event.raw, body: new mongo.Binary(event.raw.body) },
    traceparent: event.traceparent,
    keysId,
    ...toHeadRecord(hint),
    revision: randomUUID(),
  };
}

export function toHeadRecord(head: HintHead): HeadRecord {
  const { state, attempts, step, dueAtMs, endpoint, lastFailure, probedAtMs, lease } = head;
  return {
    state,
    attempts,
    step,
    dueAt: toDate(dueAtMs),
    endpoint,
    lastFailure: lastFailure === null ? null : toFailureRecord(lastFailure),
    probedAt: probedAtMs === 0 ? null : new Date(probedAtMs),
    leaseId: lease?.id ?? null,
    leasedUntil: toDate(lease?.untilMs ?? null),
    claimableAt: toDate(claimableAtMs(head)),
  };
}

function toDate(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}

/** @returns `null` for a record that does not have the shape of a hint. */
export function fromRecord(record: HintRecord): Hint | null {
  if (!isHint(record)) return null;
  const { _id, corpId, openKfId, eventId, syncToken, raw, lastFailure, leaseId, leasedUntil } = record;
  const { generation, state, attempts, step, endpoint, keysId } = record;
  const { createdAtS = null, lagMs = 0 } = record;
  return {
    corpId,
    openKfId,
    eventId,
    createdAtS,
    event: {
      id: eventId,
      corpId,
      openKfId,
      syncToken,
      createdAtS,
      lagMs,
      raw: raw === null ? null : { ...raw, body: Buffer.from(raw.body.value()) },
      traceparent: readTraceparent(record.traceparent),
    },
    keysId,
    generation,
    state,
    arrivedAtMs: record.arrivedAt.getTime(),
    waitingSinceMs: (record.waitingSince instanceof Date ? record.waitingSince : record.arrivedAt).getTime(),
    attempts,
    step,
    dueAtMs: record.dueAt?.getTime() ?? null,
    endpoint,
    lastFailure: lastFailure === null ? null : fromFailureRecord(lastFailure),
    probedAtMs: record.probedAt?.getTime() ?? 0,
    lease: leaseId === null || leasedUntil === null ? null : { id: leaseId, untilMs: leasedUntil.getTime() },
  };
}

const isRawRecord = hasShape<RawRecord>({
  msgSignature: isText,
  timestamp: isText,
  nonce: isText,
  body: (value) => value instanceof mongo.Binary,
});
const isHintRecord = hasShape<HintRecord>({
  _id: isText,
  corpId: isText,
  openKfId: isText,
  generation: isText,
  arrivedAt: isDate,
  // In place of an invalid one the arrival counts.
  waitingSince: () => true,
  eventId: isText,
  syncToken: isText,
  createdAtS: orAbsent(orNull(isCount)),
  lagMs: orAbsent(isCount),
  raw: orNull(isRawRecord),
  // An invalid one is left out: no event is lost for it.
  traceparent: () => true,
  keysId: orNull(isText),
  state: (value) => HINT_STATES.some((state) => state === value),
  attempts: isCount,
  step: isCount,
  dueAt: orNull(isDate),
  endpoint: orNull(isText),
  lastFailure: orNull(isFailureRecord),
  probedAt: orAbsent(orNull(isDate)),
  leaseId: orNull(isText),
  leasedUntil: orNull(isDate),
  claimableAt: orNull(isDate),
  // Whatever it is: it can be compared, and the next write gives another.
  revision: () => true,
});

function isHint(record: HintRecord): record is HintRecord & { readonly state: HintState } {
  return isHintRecord(record) && record._id === hintKey(record);
}
