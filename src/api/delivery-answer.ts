import type { Delivery } from '../dispatch/deliveries.js';
import { REPLICA } from '../kernel/replica.js';
import type { DeliveryAnswer } from './answers/delivery.js';
import { toDuration, toIso } from './api-time.js';

/** Which deliveries are asked for. */
export interface DeliveryFilter {
  readonly openKfId: string | null;
  readonly outcome: DeliveryAnswer['outcome'] | null;
}

export function isAskedFor({ puppet, result }: Delivery, { openKfId, outcome }: DeliveryFilter): boolean {
  const isOfAccount = openKfId === null || puppet.openKfId === openKfId;
  return isOfAccount && (outcome === null || result.taken === (outcome === 'taken'));
}

/** Of all replicas no other has it. */
export function toDeliveryId({ number }: Delivery): string {
  return `${REPLICA}-${number}`;
}

export function toDeliveryAnswer(delivery: Delivery): DeliveryAnswer {
  const { puppet, occasion, attempt, result } = delivery;
  return {
    id: toDeliveryId(delivery),
    replica: REPLICA,
    at: toIso(delivery.atMs),
    corpId: puppet.corpId,
    openKfId: puppet.openKfId,
    endpoint: puppet.endpoint === '' ? null : puppet.endpoint,
    occasion,
    attempt,
    form: delivery.isRaw ? 'encrypted' : 'decrypted',
    webhookId: delivery.eventId,
    outcome: result.taken ? 'taken' : 'not_taken',
    status: result.status ?? null,
    stage: result.taken ? null : result.stage,
    reason: result.taken ? null : result.reason,
    durationMs: toDuration(delivery.durationMs),
  };
}
