import { describe, expect, it } from '@jest/globals';
import { Secret } from '../../kernel/secret.js';
import { type BotSecrets, readSecrets } from '../../registry/bots/bot.js';
import type { KnownBot } from '../../registry/bots/known-bots.js';
import {
  type CallbackUrl,
  type Endpoint,
  readCallbackUrl,
  readEndpoint,
} from '../../registry/endpoint/endpoint.js';
import { storedBot } from '../../../test/support/bots.js';
import { kfParcel } from '../../../test/support/delivery.js';
import type { MessageBody } from '../endpoint/parcel.js';
import { signedForm } from './signed-form.js';

const SECRETS = readSecrets(storedBot()) as BotSecrets;
const ENDPOINT = readEndpoint('http://bot:8080/base/') as Endpoint;

const EXAMPLE = {
  ...SECRETS,
  headers: {},
  signingSecret: new Secret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'),
};

function requestTo(bot: Partial<KnownBot>) {
  const { endpoint, callback, opened } = { ...(storedBot() as KnownBot), opened: EXAMPLE, ...bot };
  const message: MessageBody = {
    kind: 'message',
    content: new Secret('{"test": 2432232314}'),
    isOfCustomer: true,
    hasPulled: null,
  };
  const form = signedForm({ endpoint, callback, opened }, message);
  const parcel = { ...kfParcel({ id: 'msg_p5jXN8AQM9LWM0D4loKWxJek' }, 2), body: message };
  const { path, headers, body } = form.toRequest(ENDPOINT, parcel, 1_614_265_330_999, null);
  const pairs = headers as string[];
  const named = pairs.flatMap((name, n) => (n % 2 === 0 ? [[name, pairs[n + 1]]] : []));
  return { path, headers: Object.fromEntries(named) as Record<string, string>, body, limitMs: form.limitMs };
}

describe('the signed form', () => {
  /** The example of the Standard Webhooks libraries (github.com/standard-webhooks/standard-webhooks). */
  it('is signed as the published example is', () => {
    const { path, headers, body } = requestTo({ endpoint: { must: 'be registered' }, callback: null });
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
    const { path, headers, limitMs } = requestTo({
      endpoint: readCallbackUrl('https://bot/wxkf/?tenant=7') as CallbackUrl,
      callback: { receiveId: 'wwCorp_1', timeoutMs: 8_000, form: 'json' },
      opened: { ...EXAMPLE, headers: { 'X-KB-ID': new Secret('0191') } },
    });
    expect([path, limitMs]).toEqual(['/wxkf/?tenant=7', 8_000]);
    expect(headers).toMatchObject({
      'X-KB-ID': '0191',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });
});
