/** Verifying and opening one callback: `src/crypto/wecom-cipher.ts` beside the library that most would take. */
import { deepStrictEqual } from 'node:assert';
import { decrypt, getSignature } from '@wecom/crypto';
import { Bench } from 'tinybench';
import { WecomCipher } from '../src/crypto/wecom-cipher.js';
import { Secret } from '../src/kernel/secret.js';
import { makeAccounts, makeCallbacks } from './load/accounts.js';
import { benchOptions, inTurn, printBench } from './part.js';

const [account] = makeAccounts(['http://127.0.0.1:8080']);
if (!account) throw new Error('there is no account');
const { token, encodingAESKey } = account;
const cipher = new WecomCipher(new Secret(token), new Secret(encodingAESKey));

const signedTexts = makeCallbacks([account], 1_000).map(({ query, encrypted }) => {
  const parameters = new URLSearchParams(query);
  return {
    msgSignature: parameters.get('msg_signature') ?? '',
    timestamp: parameters.get('timestamp') ?? '',
    nonce: parameters.get('nonce') ?? '',
    encrypted,
  };
});
const next = inTurn(signedTexts);

for (const text of signedTexts) {
  const { message, id } = decrypt(encodingAESKey, text.encrypted);
  deepStrictEqual(cipher.isSignedHere(text), true);
  deepStrictEqual(cipher.open(text.encrypted), { message, receiveId: id });
}

const both = new Bench(benchOptions('verify and open'))
  .add('ours', () => {
    const text = next();
    return cipher.isSignedHere(text) && cipher.open(text.encrypted);
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
