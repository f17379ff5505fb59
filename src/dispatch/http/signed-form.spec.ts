import { describe, expect, it } from '@jest/globals';
import { Secret } from '../../kernel/secret.js';
import {
  type CallbackUrl,
  type Endpoint,
  readCallbackUrl,
  readEndpoint,
} from '../../registry/endpoint/endpoint.js';
import { knownBot, secretsText } from '../../../test/support/bots.js';
import { kfParcel } from '../../../test/support/delivery.js';
import type { MessageBody } from '../endpoint/parcel.js';
import { signedForm } from './signed-form.js';

const ENDPOINT = readEndpoint('http://bot:8080/base/') as Endpoint;

const EXAMPLE = { headers: {}, signingSecret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' };

function requestTo(...of: Parameters<typeof knownBot>) {
  const message: MessageBody = {
    kind: 'message',
    content: new Secret('{"test": 2432232314}'),
    isOfCustomer: true,
    hasPulled: null,
  };
  const form = signedForm(knownBot(...of), message);
  const parcel = { ...kfParcel({ id: 'msg_p5jXN8AQM9LWM0D4loKWxJek' }, 2), body: message };
  const { path, headers, body } = form.toRequest(ENDPOINT, parcel, 1_614_265_330_999, null);
  const pairs = headers as string[];
  const named = pairs.flatMap((name, n) => (n % 2 === 0 ? [[name, pairs[n + 1]]] : []));
  return { path, headers: Object.fromEntries(named) as Record<string, string>, body, limitMs: form.limitMs };
}

describe('the signed form', () => {
  /** The example of the Standard Webhooks libraries (github.com/standard-webhooks/standard-webhooks). */
  it('is signed as the published example is', () => {
    const { path, headers, body } = requestTo(
      { kind: 'puppet', callback: null, secrets: secretsText(EXAMPLE) },
      { must: 'be registered' },
    );
    expect([path, body]).toEqual(['/base/callback/message', '{"test": 2432232314}']);
    expect(headers).toEqual({
      'content-type': 'application/json',
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
      'x-wxkf-attempt': '2',
    });
  });

  it('goes to the URL of a bot that has one, with its query, its headers and its time', () => {
    const { path, headers, limitMs } = requestTo(
      {
        callback: { receiveId: 'wwCorp_1', timeoutMs: 8_000, form: 'json' },
        secrets: secretsText({ ...EXAMPLE, headers: { 'X-KB-ID': '0191' } }),
      },
      readCallbackUrl('https://bot/wxkf/?tenant=7') as CallbackUrl,
    );
    expect([path, limitMs]).toEqual(['/wxkf/?tenant=7', 8_000]);
    expect(headers).toMatchObject({
      'X-KB-ID': '0191',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });
});
