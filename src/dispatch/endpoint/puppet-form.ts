import { toTraceHeaders } from '../../kernel/trace-context.js';
import { ATTEMPT_LIMIT_MS } from './attempt.js';
import type { DeliveryForm } from './delivery-form.js';

/** Either the callback as it came, or its event as JSON. */
export const PUPPET_FORM: DeliveryForm = {
  limitMs: ATTEMPT_LIMIT_MS,
  toRequest: ({ basePath }, event, attempt, nowMs, trace) => {
    const { raw } = event;
    return {
      method: 'POST',
      path: raw
        ? `${basePath}/callback?msg_signature=${raw.msgSignature}&timestamp=${raw.timestamp}&nonce=${encodeURIComponent(raw.nonce)}`
        : `${basePath}/callback/decrypted`,
      headers: [
        'content-type',
        raw ? 'text/xml' : 'application/json',
        'webhook-id',
        event.id,
        'webhook-timestamp',
        String(Math.floor(nowMs / 1000)),
        'x-wxkf-attempt',
        String(attempt),
        ...toTraceHeaders(trace),
      ],
      body: raw ? raw.body : JSON.stringify({ token: event.syncToken, openKfId: event.openKfId }),
    };
  },
};
