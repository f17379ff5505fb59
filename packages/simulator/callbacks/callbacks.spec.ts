/** Callbacks of the local WeCom (90930, 90238): their form, when they are sent again, and the faults. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { getSignature } from '@wecom/crypto';
import { CallbackReceiver } from '../../../test/support/callback-receiver.js';
import { SimulatorClient } from '../../../test/support/simulator.js';

let client: SimulatorClient;
let receiver: CallbackReceiver;

beforeEach(async () => {
  client = await SimulatorClient.start();
  receiver = await CallbackReceiver.start(client.simulator);
});

afterEach(async () => {
  await client.close();
  await receiver.close();
});

const records = () => client.simulator.callbacks.records;

/** The first record once it is no longer under way. */
async function settled() {
  while (records()[0]?.state === 'running') await new Promise((resolve) => setImmediate(resolve));
  return records()[0];
}

/** All that is due at the present time has been sent and answered. */
async function attempts(count: number) {
  while ((records()[0]?.attempts.length ?? 0) < count) await new Promise((resolve) => setImmediate(resolve));
  return records()[0]?.attempts ?? [];
}

it('tells of a message in the form of WeCom', async () => {
  const arrival = receiver.next();
  client.simulator.say('hi');
  const { xml, received } = await arrival;
  expect(xml).toMatch(
    new RegExp(
      `^<xml>\\n<ToUserName><!\\[CDATA\\[${client.simulator.corpId}]]></ToUserName>\\n<CreateTime>${client.clock.nowMs() / 1_000}</CreateTime>\\n` +
        '<MsgType><!\\[CDATA\\[event]]></MsgType>\\n<Event><!\\[CDATA\\[kf_msg_or_event]]></Event>\\n' +
        `<Token><!\\[CDATA\\[ENC\\w+]]></Token>\\n<OpenKfId><!\\[CDATA\\[${client.openKfId}]]></OpenKfId>\\n</xml>$`,
    ),
  );
  expect(received.headers).toMatchObject({
    'content-type': 'text/xml',
    'user-agent': 'Mozilla/4.0',
    accept: '*/*',
  });
  const { msg_signature, timestamp = '', nonce = '' } = received.query;
  const encrypted = /<Encrypt><!\[CDATA\[(.*?)]]>/.exec(received.body)?.[1] ?? '';
  expect(getSignature(client.simulator.callback.token, timestamp, nonce, encrypted)).toBe(msg_signature);
  expect((await settled())?.state).toBe('taken');
});

it('tells of each message and of each event by itself', async () => {
  client.simulator.say('1');
  client.simulator.say('2');
  client.simulator.corp.enter(client.openKfId, client.customerId);
  while (receiver.received.length < 3) await new Promise((resolve) => setImmediate(resolve));
  const tokens = receiver.received.map((received) => receiver.open(received).syncToken);
  expect(new Set(tokens).size).toBe(3);
});

describe('an answer that does not come', () => {
  it('is cut off after 5 s and the event sent again, three times, sealed anew each time', async () => {
    receiver.behave(() => {});
    for (let number = 1; number <= 4; number += 1) {
      const arrival = receiver.next();
      if (number === 1) client.simulator.say('hi');
      else await client.clock.advance(5_000);
      await arrival;
      expect(records()[0]?.attempts).toHaveLength(number - 1);
    }
    await client.clock.advance(4_999);
    expect(records()[0]?.state).toBe('running');
    await client.clock.advance(1);
    expect(await settled()).toMatchObject({ state: 'given-up' });
    expect(
      (await attempts(4)).map(({ outcome, startedAtMs }) => [outcome, startedAtMs - client.clock.nowMs()]),
    ).toEqual([
      ['cut', -20_000],
      ['cut', -15_000],
      ['cut', -10_000],
      ['cut', -5_000],
    ]);
    const opened = receiver.received.map((received) => receiver.open(received));
    expect(new Set(opened.map(({ xml }) => xml)).size).toBe(1);
    expect(new Set(opened.map(({ received }) => received.body)).size).toBe(4);
    await client.clock.advance(60_000);
    expect(receiver.received).toHaveLength(4);
  });
});

it.each([201, 204, 302, 404, 503])(
  'takes the status %d for a failure, and a later 200 ends it',
  async (status) => {
    receiver.behave(
      (_request, response) => void response.writeHead(status, { location: '/elsewhere' }).end(),
    );
    client.simulator.say('hi');
    expect(await attempts(1)).toMatchObject([{ number: 1, outcome: 'bad-status', status }]);
    receiver.behave((_request, response) => void response.end());
    await client.clock.advance(5_000);
    expect(await settled()).toMatchObject({
      state: 'taken',
      attempts: [{}, { number: 2, outcome: 'taken', status: 200 }],
    });
  },
);

it('sends nothing, and loses nothing, while nobody listens', async () => {
  await receiver.close();
  client.simulator.say('hi');
  expect(await attempts(1)).toMatchObject([{ outcome: 'failed', detail: 'ECONNREFUSED' }]);
  expect((await client.sync()).msg_list).toHaveLength(1);
  receiver = await CallbackReceiver.start(client.simulator);
});

describe('faults', () => {
  it('send an event twice, with the same Token', async () => {
    client.simulator.faults.duplicateCallbacks = true;
    client.simulator.say('hi');
    while (receiver.received.length < 2) await new Promise((resolve) => setImmediate(resolve));
    const [first, second] = receiver.received.map((received) => receiver.open(received).xml);
    expect(first).toBe(second);
  });

  it('lose an event', async () => {
    client.simulator.faults.dropCallbacks = true;
    client.simulator.say('hi');
    expect(records()).toMatchObject([{ state: 'dropped', attempts: [] }]);
  });

  it('hold an event back', async () => {
    client.simulator.faults.callbackDelayMs = 30_000;
    client.simulator.say('hi');
    await client.clock.advance(29_999);
    expect(receiver.received).toEqual([]);
    const arrival = receiver.next();
    await client.clock.advance(1);
    expect((await arrival).openKfId).toBe(client.openKfId);
  });
});

describe('saving the callback URL', () => {
  const save = (fields: object = {}) =>
    client.simulator.saveCallback({ ...client.simulator.callback, ...fields });

  it('sends an echostr that must come back alone', async () => {
    expect(await save()).toEqual({ isVerified: true, atMs: client.clock.nowMs(), tookMs: 0 });
  });

  it.each([
    ['invalid-url', { url: 'ftp://127.0.0.1/' }],
    ['invalid-token', { token: 'no-letter' }],
    ['invalid-key', { encodingAESKey: 'short' }],
    ['unreachable', { url: 'http://127.0.0.1:9/' }],
  ])('is refused as %s, and what was saved stays', async (reason, fields) => {
    const before = client.simulator.app.saved;
    expect(await save(fields)).toMatchObject({
      isVerified: false,
      reason,
      wecomMessage: 'openapi回调地址请求不通过',
    });
    expect(client.simulator.app.saved).toBe(before);
  });

  it.each([
    ['a JSON text', 'wrong-answer', 200, (echo: string) => JSON.stringify(echo)],
    ['a newline', 'wrong-answer', 200, (echo: string) => `${echo}\n`],
    ['another status', 'bad-status', 201, (echo: string) => echo],
  ])('is refused for %s', async (_what, reason, status, toAnswer) => {
    const { decrypt } = await import('@wecom/crypto');
    const { encodingAESKey } = client.simulator.callback;
    receiver.behave((request, response) => {
      const echostr = new URL(request.url ?? '/', 'http://x').searchParams.get('echostr') ?? '';
      response.writeHead(status).end(toAnswer(decrypt(encodingAESKey, echostr).message));
    });
    expect(await save()).toMatchObject({ isVerified: false, reason });
  });

  it('says the same of the same refusal, although each has a request id of its own', async () => {
    let requests = 0;
    receiver.behave((_request, response) => {
      requests += 1;
      response.writeHead(403).end(JSON.stringify({ message: 'no token fits', requestId: `r${requests}` }));
    });
    const detail = 'the answer was 403, not 200: no token fits';
    expect([await save(), await save()]).toMatchObject([{ detail }, { detail }]);
  });

  it('is refused when there is no answer within a second', async () => {
    receiver.behave(() => {});
    const arrival = receiver.nextRequest();
    const saving = save();
    await arrival;
    await client.clock.advance(1_000);
    expect(await saving).toMatchObject({ isVerified: false, reason: 'too-slow' });
  });
});
