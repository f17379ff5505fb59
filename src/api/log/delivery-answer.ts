import type { RecordedAttempt } from '../../dispatch/endpoint/deliveries.js';
import { REPLICA } from '../../kernel/replica.js';
import type { DeliveryAnswer } from './delivery.dto.js';
import { toDuration, toIso } from '../../http/answers/times.js';

export const OUTCOMES = ['taken', 'not_taken'] as const satisfies readonly DeliveryAnswer['outcome'][];
export type Outcome = (typeof OUTCOMES)[number];

/** Which deliveries are asked for. */
export interface DeliveryFilter {
  readonly openKfId: string | null;
  readonly outcome: Outcome | null;
}

export function isAskedFor(delivery: RecordedAttempt, { openKfId, outcome }: DeliveryFilter): boolean {
  const isOfAccount = openKfId === null || delivery.openKfId === openKfId;
  return isOfAccount && (outcome === null || delivery.result.taken === (outcome === 'taken'));
}

/** Unique across all replicas. */
export function toDeliveryId({ number }: RecordedAttempt): string {
  return `${REPLICA}-${number}`;
}

/** @param name the name of its account. */
export function toDeliveryAnswer(delivery: RecordedAttempt, name: string | null): DeliveryAnswer {
  const { corpId, openKfId, endpoint, occasion, attempt, result } = delivery;
  return {
    id: toDeliveryId(delivery),
    replica: REPLICA,
    at: toIso(delivery.atMs),
    corpId,
    openKfId,
    name,
    endpoint: endpoint === '' ? null : endpoint,
    occasion,
    attempt,
    form: formOf(delivery),
    webhookId: delivery.eventId,
    outcome: result.taken ? 'taken' : 'not_taken',
    status: result.status ?? null,
    stage: result.taken ? null : result.stage,
    reason: result.taken ? null : result.reason,
    durationMs: toDuration(delivery.durationMs),
  };
}

function formOf({ occasion, isRaw }: RecordedAttempt): DeliveryAnswer['form'] {
  if (occasion === 'message') return 'message';
  return isRaw ? 'encrypted' : 'decrypted';
}
