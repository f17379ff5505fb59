/**
 * Verifying and opening one callback: `src/crypto/wecom-cipher.ts` beside the library that most would take; and a callback
 * as it goes to a callback bot, sealed anew, beside the one that a puppet is sent.
 */
import { deepStrictEqual } from 'node:assert';
import { decrypt, encrypt, getSignature } from '@wecom/crypto';
import { Bench } from 'tinybench';
import { isSignedWith, WecomCipher } from '../../src/crypto/wecom-cipher.js';
import { toParcel } from '../../src/dispatch/endpoint/parcel.js';
import { PUPPET_FORM } from '../../src/dispatch/http/puppet-form.js';
import { WecomForm } from '../../src/dispatch/http/wecom-form.js';
import type { KfEvent } from '../../src/queue/kf-event.js';
import { Secret } from '../../src/kernel/secret.js';
import { BOT_DEFAULTS } from '../../src/registry/bots/bot.js';
import type { CallbackBot } from '../../src/registry/bots/known-bots.js';
import {
  type CallbackUrl,
  type Endpoint,
  readCallbackUrl,
  readEndpoint,
} from '../../src/registry/endpoint/endpoint.js';
import { kfMessageXml, newApp, newOpenKfId, signedQuery } from '../../test/support/wecom.js';
import { benchOptions, inTurn, printBench } from './part.js';

const app = newApp();
const { token, encodingAESKey } = app;
const callbackToken = new Secret(token);
const cipher = new WecomCipher(new Secret(encodingAESKey));

const signedTexts = Array.from({ length: 1_000 }, () => {
  const encrypted = encrypt(encodingAESKey, kfMessageXml(app, newOpenKfId()), app.corpId);
  const { msg_signature = '', timestamp = '', nonce = '' } = signedQuery(app, encrypted);
  return { msgSignature: msg_signature, timestamp, nonce, encrypted };
});
const next = inTurn(signedTexts);

for (const text of signedTexts) {
  const { message, id } = decrypt(encodingAESKey, text.encrypted);
  deepStrictEqual(isSignedWith(callbackToken, text), true);
  deepStrictEqual(cipher.open(text.encrypted), { message, receiveId: id });
}

const both = new Bench(benchOptions('verify and open'))
  .add('ours', () => {
    const text = next();
    return isSignedWith(callbackToken, text) && cipher.open(text.encrypted);
  })
  .add('@wecom/crypto', () => {
    const { msgSignature, timestamp, nonce, encrypted } = next();
    return (
      getSignature(token, timestamp, nonce, encrypted) === msgSignature && decrypt(encodingAESKey, encrypted)
    );
  });

const openOnly = new Bench(benchOptions('open'))
  .add('ours', () => cipher.open(next().encrypted))
  .add('@wecom/crypto', () => decrypt(encodingAESKey, next().encrypted));

const nowMs = Date.now();
const bot = knownBot();
const wecomForm = new WecomForm(bot);
const puppetEndpoint = endpoint('http://127.0.0.1/puppet');
const nextKept = inTurn(signedTexts.map((text) => toParcel(toEvent(text), 1)));
const nextOpened = inTurn(signedTexts.map((text) => toParcel({ ...toEvent(text), raw: null }, 1)));

const sent = new Bench(benchOptions('one delivery as a request'))
  .add('to a puppet, as it came', () => PUPPET_FORM.toRequest(puppetEndpoint, nextKept(), nowMs, null))
  .add('to a callback bot, sealed anew', () =>
    wecomForm.toRequest(bot.endpoint as CallbackUrl, nextOpened(), nowMs, null),
  );

for (const bench of [both, openOnly, sent]) {
  await bench.run();
  printBench(bench);
}

function toEvent({ encrypted, ...signed }: (typeof signedTexts)[number]): KfEvent {
  return {
    id: signed.msgSignature,
    corpId: app.corpId,
    openKfId: newOpenKfId(),
    syncToken: 'ENC8b3nCJeDfDqB7cf3dFpAoGMuvTbvqiYLyVvU2dCKPxE',
    createdAtS: Math.floor(nowMs / 1_000),
    lagMs: 0,
    raw: { ...signed, body: Buffer.from(`<xml><Encrypt><![CDATA[${encrypted}]]></Encrypt></xml>`) },
    traceparent: null,
  };
}

function knownBot(): CallbackBot {
  const url = 'http://127.0.0.1/callback';
  return {
    id: 'bench',
    name: 'bench',
    corpId: app.corpId,
    openKfIds: ['*'],
    kind: 'callback',
    api: 'manager',
    ...BOT_DEFAULTS,
    callback: { receiveId: app.corpId, timeoutMs: 4_000, form: 'wecom' },
    keys: [],
    createdAtMs: nowMs,
    revision: '1',
    secrets: {
      ...{ callbackToken, encodingAESKey: new Secret(encodingAESKey), corpSecret: new Secret('') },
      ...{ url: new Secret(url), headers: {}, signingSecret: new Secret('') },
    },
    endpoint: readCallbackUrl(url) as CallbackUrl,
    keysId: null,
  };
}

function endpoint(text: string): Endpoint {
  return readEndpoint(text) as Endpoint;
}
