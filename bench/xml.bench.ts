/** Reading the two documents of a callback: the scanner beside fast-xml-parser, bare and as the product uses it. */
import { deepStrictEqual } from 'node:assert';
import { decrypt } from '@wecom/crypto';
import { XMLParser } from 'fast-xml-parser';
import { Bench } from 'tinybench';
import { parseXmlDocument } from '../src/callback/xml-document.js';
import { scanFlatXml } from '../src/callback/xml-scanner.js';
import { makeAccounts, makeCallbacks } from './load/accounts.js';
import { benchOptions, inTurn, printBench } from './part.js';

const [account] = makeAccounts(['http://127.0.0.1:8080']);
if (!account) throw new Error('there is no account');
const callbacks = makeCallbacks([account], 1_000);
const documents = {
  envelope: callbacks.map(({ body }) => body),
  event: callbacks.map(({ encrypted }) => decrypt(account.encodingAESKey, encrypted).message),
};
/** The least that keeps the values right: ids as strings. */
const bareParser = new XMLParser({ parseTagValue: false });

for (const [shape, texts] of Object.entries(documents)) {
  for (const text of texts) deepStrictEqual(scanFlatXml(text), parseXmlDocument(text));
  const next = inTurn(texts);
  const bench = new Bench(benchOptions(`read the ${shape}`));
  bench
    .add('scanner', () => scanFlatXml(next()))
    .add('fast-xml-parser, bare', () => bareParser.parse(next()))
    .add('fast-xml-parser, validating, as readXml falls back to it', () => parseXmlDocument(next()));
  await bench.run();
  printBench(bench);
}
