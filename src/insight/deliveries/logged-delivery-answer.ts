import type { LoggedRecord, RecordOutcome } from '../../log/delivery-record.js';
import type { DeliveryStoryAnswer, LoggedDeliveryAnswer } from './logged-delivery.dto.js';
import { toDuration, toIso } from '../../http/answers/times.js';

/** @param name the name of the record's account. */
export function toLoggedAnswer(
  { atMs, durationMs, ...record }: LoggedRecord,
  name: string | null,
): LoggedDeliveryAnswer {
  const { id, replica, corpId, openKfId, webhookId, outcome, form, attempt, ...more } = record;
  const { endpoint, status, reason, source } = more;
  // Signs are not listed, and another version may have written values that this version does not know.
  const kind = record.kind as LoggedDeliveryAnswer['kind'];
  const occasion = more.occasion as LoggedDeliveryAnswer['occasion'];
  const stage = more.stage as LoggedDeliveryAnswer['stage'];
  return {
    ...{ id, replica, at: toIso(atMs), kind, corpId, openKfId, name, webhookId, outcome },
    ...{ form, occasion, attempt },
    ...{ endpoint, status, stage, reason, durationMs: toDuration(durationMs), source },
  };
}

/**
 * @param records of one webhook-id, the oldest first; at least one.
 * @param endedBy the record of another event that ended the wait of a kept event; `null` for none.
 * @param nameOf finds the name of an account.
 */
export function toStoryAnswer(
  records: readonly LoggedRecord[],
  endedBy: LoggedRecord | null,
  nameOf: (openKfId: string | null) => string | null,
): DeliveryStoryAnswer {
  const taken = takenOf(records);
  return {
    webhookId: records[0]?.webhookId ?? null,
    outcome: outcomeOf(records),
    takenAt: taken === undefined ? null : toIso(taken.atMs),
    endedBy: endedBy === null ? null : toLoggedAnswer(endedBy, nameOf(endedBy.openKfId)),
    records: records.map((record) => toLoggedAnswer(record, nameOf(record.openKfId))),
  };
}

/** The outcome of the event or message, as far as these records tell. */
export function outcomeOf(records: readonly LoggedRecord[]): RecordOutcome {
  if (takenOf(records) !== undefined) return 'taken';
  // A text for the customer does not decide it. An attempt that fails after its event was kept leaves it kept.
  const ofEvent = records.filter(({ kind }) => kind !== 'text');
  const decided = ofEvent.findLast(({ kind }) => kind !== 'attempt') ?? ofEvent.at(-1) ?? records.at(-1);
  return decided?.outcome ?? 'failed';
}

function takenOf(records: readonly LoggedRecord[]): LoggedRecord | undefined {
  return records.find(({ outcome }) => outcome === 'taken');
}
