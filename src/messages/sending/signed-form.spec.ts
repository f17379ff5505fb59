import { describe, expect, it } from '@jest/globals';
import { Secret } from '../../kernel/secret.js';
import { readEndpoint, type Endpoint } from '../../registry/endpoint/endpoint.js';
import { kfEvent } from '../../../test/support/delivery.js';
import { signedForm } from './signed-form.js';

const ENDPOINT = readEndpoint('http://bot:8080/base/') as Endpoint;

describe('the signed form', () => {
  /** The example of the Standard Webhooks libraries (github.com/standard-webhooks/standard-webhooks). */
  it('is signed as the published example is', () => {
    const form = signedForm(
      new Secret('{"test": 2432232314}'),
      new Secret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'),
    );
    const event = kfEvent({ id: 'msg_p5jXN8AQM9LWM0D4loKWxJek' });
    const { path, headers, body } = form.toRequest(ENDPOINT, event, 2, 1_614_265_330_999, null);
    expect([path, body]).toEqual(['/base/callback/message', '{"test": 2432232314}']);
    const pairs = headers as string[];
    const named = Object.fromEntries(
      pairs.flatMap((name, n) => (n % 2 === 0 ? [[name, pairs[n + 1]]] : [])),
    ) as Record<string, string>;
    expect(named).toEqual({
      'content-type': 'application/json',
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
      'x-wxkf-attempt': '2',
    });
  });
});
