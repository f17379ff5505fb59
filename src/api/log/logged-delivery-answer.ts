import type { DeliveryStory } from '../../log/delivery-history.js';
import type { LoggedRecord } from '../../log/delivery-record.js';
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
    id,
    replica,
    at: toIso(atMs),
    kind,
    corpId,
    openKfId,
    name,
    webhookId,
    outcome,
    form,
    occasion,
    attempt,
    endpoint,
    status,
    stage,
    reason,
    durationMs: toDuration(durationMs),
    source,
  };
}

/** @param nameOf finds the name of an account. */
export function toStoryAnswer(
  { outcome, takenAtMs, endedBy, records }: DeliveryStory,
  nameOf: (openKfId: string | null) => string | null,
): DeliveryStoryAnswer {
  return {
    webhookId: records[0]?.webhookId ?? null,
    outcome,
    takenAt: takenAtMs === null ? null : toIso(takenAtMs),
    endedBy: endedBy === null ? null : toLoggedAnswer(endedBy, nameOf(endedBy.openKfId)),
    records: records.map((record) => toLoggedAnswer(record, nameOf(record.openKfId))),
  };
}
