import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { Secret } from '../../kernel/secret.js';
import { toTraceHeaders } from '../../kernel/trace-context.js';
import type { KnownBot } from '../../registry/bots/known-bots.js';
import type { CallbackUrl } from '../../registry/endpoint/endpoint.js';
import { ATTEMPT_LIMIT_MS } from '../endpoint/attempt.js';
import type { MessageBody } from '../endpoint/parcel.js';
import type { DeliveryForm } from './delivery-form.js';

const PREFIX = 'whsec_';
/** Made once for each secret: with a key of plain bytes, a signature takes five times as long. */
const keys = new WeakMap<Secret, KeyObject>();

/**
 * WeCom's entry as JSON, signed: a bot needs neither WeCom's cipher nor a cursor. One without a URL gets it below the endpoint at
 * which it registered.
 */
export function signedForm(bot: KnownBot, { content }: MessageBody): DeliveryForm {
  const { endpoint: url, secrets } = bot;
  const signingSecret = secrets?.signingSecret ?? new Secret('');
  const headers = bot.kind === 'callback' ? (bot.secrets?.headers ?? {}) : {};
  const added = Object.entries(headers).map(([name, value]) => [name, value.reveal()]);
  return {
    limitMs: bot.kind === 'callback' ? bot.callback.timeoutMs : ATTEMPT_LIMIT_MS,
    toRequest: ({ basePath }, { id, attempt }, nowMs, trace) => {
      const body = content.reveal();
      const timestamp = String(Math.floor(nowMs / 1_000));
      return {
        method: 'POST',
        path: 'must' in url ? `${basePath}/callback/message` : pathOf(url),
        headers: [
          'content-type',
          'application/json',
          'webhook-id',
          id,
          'webhook-timestamp',
          timestamp,
          'webhook-signature',
          signatureOf(signingSecret, id, timestamp, body),
          'x-wxkf-attempt',
          String(attempt),
          ...added.flat(),
          ...toTraceHeaders(trace),
        ],
        body,
      };
    },
  };
}

function pathOf({ path, query }: CallbackUrl): string {
  return query === '' ? path : `${path}?${query}`;
}

/** Standard Webhooks (github.com/standard-webhooks/standard-webhooks, spec): `v1` is HMAC-SHA256. */
function signatureOf(secret: Secret, id: string, timestamp: string, body: string): string {
  return `v1,${createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}

function keyOf(secret: Secret): KeyObject {
  const known = keys.get(secret);
  if (known !== undefined) return known;
  const key = createSecretKey(Buffer.from(secret.reveal().replace(PREFIX, ''), 'base64'));
  keys.set(secret, key);
  return key;
}
