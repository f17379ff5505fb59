/**
 * A hint as LMDB keeps it: JSON, so that a person can read what was set aside. What does not say all that a
 * hint says is none, and no attempt is made to repair it.
 */
import {
  HINT_STATES,
  type Hint,
  type HintHead,
  type HintState,
  hintKey,
  type KeptEvent,
} from '../../dispatch/outbox/hint.js';
import type { KfEvent, RawCallback } from '../../dispatch/kf-event.js';
import { readTraceparent } from '../../kernel/trace-context.js';
import { type Check, hasShape, isCount, isNumber, isText, orAbsent, orNull } from '../record-shape.js';

/** One character per byte: nearly all of it is ASCII, which base64 would make longer by a third. */
type StoredRaw = Omit<RawCallback, 'body'> & { readonly body: string };
type StoredEvent = Omit<KfEvent, 'raw' | 'traceparent' | 'createdAtS' | 'lagMs'> & {
  readonly raw: StoredRaw | null;
  /** Not there in what an earlier version kept. */
  readonly createdAtS: number | null | undefined;
  /** Not there in what an earlier version kept. */
  readonly lagMs: number | undefined;
  /** Not there in what an earlier version kept. */
  readonly traceparent: unknown;
};
/** Without its lease, which ends with the process. */
export type StoredHint = Omit<
  Hint,
  'lease' | 'event' | 'eventId' | 'createdAtS' | 'waitingSinceMs' | 'probedAtMs'
> & {
  readonly event: StoredEvent;
  /** Not there in what an earlier version kept. */
  readonly waitingSinceMs: unknown;
  /** Of the last write: a probe that fails writes the hint. Not there in what an earlier version kept. */
  readonly probedAtMs: number | undefined;
};

export function toStored({
  lease: _lease,
  eventId: _id,
  createdAtS: _createdAtS,
  event,
  ...same
}: Hint): Buffer {
  const stored: StoredHint = { ...same, event: { ...event, raw: toStoredRaw(event.raw) } };
  return Buffer.from(JSON.stringify(stored));
}

/** @returns `null` for what is no hint, or not the one of this key. */
export function readStored(key: string, bytes: Buffer): StoredHint | null {
  const stored = parse(bytes);
  return isStoredHint(stored) && hintKey(stored) === key && hintKey(stored.event) === key ? stored : null;
}

export function toHead({ event, keysId: _keysId, ...same }: StoredHint): HintHead {
  const { waitingSinceMs, arrivedAtMs } = same;
  return {
    ...same,
    waitingSinceMs: typeof waitingSinceMs === 'number' ? waitingSinceMs : arrivedAtMs,
    probedAtMs: same.probedAtMs ?? 0,
    eventId: event.id,
    createdAtS: event.createdAtS ?? null,
    lease: null,
  };
}

export function toKept({ event, keysId }: StoredHint): KeptEvent {
  const traceparent = readTraceparent(event.traceparent);
  const { createdAtS = null, lagMs = 0 } = event;
  return { event: { ...event, createdAtS, lagMs, raw: fromStoredRaw(event.raw), traceparent }, keysId };
}

function toStoredRaw(raw: RawCallback | null): StoredRaw | null {
  return raw === null ? null : { ...raw, body: raw.body.toString('latin1') };
}

function fromStoredRaw(raw: StoredRaw | null): RawCallback | null {
  return raw === null ? null : { ...raw, body: Buffer.from(raw.body, 'latin1') };
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return null;
  }
}

const isState: Check = (value) => HINT_STATES.includes(value as HintState);

const isStoredHint = hasShape<StoredHint>({
  corpId: isText,
  openKfId: isText,
  generation: isText,
  state: isState,
  arrivedAtMs: isNumber,
  // In place of an invalid one the arrival counts.
  waitingSinceMs: () => true,
  attempts: isNumber,
  step: isNumber,
  dueAtMs: orNull(isNumber),
  endpoint: orNull(isText),
  lastFailure: orNull(
    hasShape<NonNullable<Hint['lastFailure']>>({
      atMs: isNumber,
      stage: isText,
      reason: isText,
      status: orAbsent(isCount),
    }),
  ),
  keysId: orNull(isText),
  probedAtMs: orAbsent(isNumber),
  event: hasShape<StoredEvent>({
    id: isText,
    corpId: isText,
    openKfId: isText,
    syncToken: isText,
    createdAtS: orAbsent(orNull(isNumber)),
    lagMs: orAbsent(isNumber),
    raw: orNull(
      hasShape<StoredRaw>({ msgSignature: isText, timestamp: isText, nonce: isText, body: isText }),
    ),
    // An invalid one is left out: no event is lost for it.
    traceparent: () => true,
  }),
});
