import type { DeliveryRecord } from '../../src/record/delivery-record.js';

/** A callback whose event was taken at once. */
export function deliveryRecord(fields: Partial<DeliveryRecord> = {}): DeliveryRecord {
  return {
    kind: 'callback',
    atMs: Date.UTC(2026, 0, 2, 3, 4, 5),
    corpId: 'wwCorp_1',
    openKfId: 'wkAccount-1',
    webhookId: 'msg_1',
    outcome: 'taken',
    form: 'encrypted',
    occasion: null,
    attempt: 1,
    endpoint: null,
    status: 200,
    stage: null,
    reason: null,
    durationMs: 4.25,
    source: null,
    onlyAttempt: null,
    ...fields,
  };
}

/** An attempt, on the occasion of its callback. */
export function attemptRecord(fields: Partial<DeliveryRecord> = {}): DeliveryRecord {
  return deliveryRecord({ kind: 'attempt', occasion: 'inline', endpoint: 'http://puppet:8080', ...fields });
}
