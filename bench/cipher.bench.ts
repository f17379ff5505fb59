/** Verifying and opening one callback: `src/crypto/wecom-cipher.ts` beside the library that most would take. */
import { deepStrictEqual } from 'node:assert';
import { decrypt, encrypt, getSignature } from '@wecom/crypto';
import { Bench } from 'tinybench';
import { isSignedWith, WecomCipher } from '../src/crypto/wecom-cipher.js';
import { Secret } from '../src/kernel/secret.js';
import { kfMessageXml, newApp, newOpenKfId, signedQuery } from '../test/support/wecom.js';
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

for (const bench of [both, openOnly]) {
  await bench.run();
  printBench(bench);
}
