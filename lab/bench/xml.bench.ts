/** Reading the two documents of a callback: the scanner beside fast-xml-parser, bare and as the product uses it. */
import { deepStrictEqual } from 'node:assert';
import { XMLParser } from 'fast-xml-parser';
import { Bench } from 'tinybench';
import { parseXmlDocument, scanXml } from '../../src/callback/xml.js';
import { kfMessageXml, newApp, newOpenKfId, sealCallback } from '../../test/support/wecom.js';
import { benchOptions, inTurn, printBench } from './part.js';

const app = newApp();
const events = Array.from({ length: 1_000 }, () => kfMessageXml(app, newOpenKfId()));
const documents = { envelope: events.map((event) => sealCallback(app, event).body), event: events };
/** The least that keeps the values right: ids as strings. */
const bareParser = new XMLParser({ parseTagValue: false });

for (const [shape, texts] of Object.entries(documents)) {
  for (const text of texts) deepStrictEqual(scanXml(text), parseXmlDocument(text));
  const next = inTurn(texts);
  const bench = new Bench(benchOptions(`read the ${shape}`));
  bench
    .add('scanner', () => scanXml(next()))
    .add('fast-xml-parser, bare', () => bareParser.parse(next()))
    .add('fast-xml-parser, validating, as readXml falls back to it', () => parseXmlDocument(next()));
  await bench.run();
  printBench(bench);
}
