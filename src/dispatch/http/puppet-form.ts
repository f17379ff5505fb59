import { toTraceHeaders } from '../../kernel/trace-context.js';
import { ATTEMPT_LIMIT_MS } from '../endpoint/attempt.js';
import { eventOf } from '../endpoint/parcel.js';
import type { DeliveryForm } from './delivery-form.js';

/** Either the callback as it came, or its event as JSON. */
export const PUPPET_FORM: DeliveryForm = {
  limitMs: ATTEMPT_LIMIT_MS,
  toRequest: ({ basePath }, parcel, nowMs, trace) => {
    const { id, attempt, openKfId } = parcel;
    const { raw, syncToken } = eventOf(parcel);
    return {
      method: 'POST',
      path: raw
        ? `${basePath}/callback?msg_signature=${raw.msgSignature}&timestamp=${raw.timestamp}&nonce=${encodeURIComponent(raw.nonce)}`
        : `${basePath}/callback/decrypted`,
      headers: [
        'content-type',
        raw ? 'text/xml' : 'application/json',
        'webhook-id',
        id,
        'webhook-timestamp',
        String(Math.floor(nowMs / 1000)),
        'x-wxkf-attempt',
        String(attempt),
        ...toTraceHeaders(trace),
      ],
      body: raw ? raw.body : JSON.stringify({ token: syncToken, openKfId }),
    };
  },
};
