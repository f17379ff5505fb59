import type { DeliveryRecord, RecordForm } from '../../record/delivery-record.js';
import type { Delivery } from './deliveries.js';

/** An attempt in the delivery log. */
export function toRecord(delivery: Delivery): DeliveryRecord {
  const { atMs, corpId, openKfId, eventId, occasion, attempt, endpoint, result, durationMs } = delivery;
  return {
    kind: 'attempt',
    atMs,
    corpId,
    openKfId,
    webhookId: eventId,
    outcome: result.taken ? 'taken' : 'not_taken',
    form: formOf(delivery),
    occasion,
    attempt,
    endpoint: endpoint === '' ? null : withoutQuery(endpoint),
    status: result.status ?? null,
    stage: result.taken ? null : result.stage,
    reason: result.taken ? null : result.reason,
    durationMs,
    source: null,
    onlyAttempt: null,
  };
}

function formOf({ occasion, isRaw }: Delivery): RecordForm {
  if (occasion === 'message') return 'message';
  return isRaw ? 'encrypted' : 'decrypted';
}

/** The query of a bot's URL may have a key. */
function withoutQuery(url: string): string {
  const at = url.indexOf('?');
  return at === -1 ? url : url.slice(0, at);
}
