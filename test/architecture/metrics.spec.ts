/** The table of metrics lists what a manager really exposes, by name, type and labels; docs/reference/metrics.md says what the labels may be. */
import { readFileSync } from 'node:fs';
import { beforeAll, expect, it } from '@jest/globals';
import { METRICS } from '../../src/metrics/metric-table.js';
import { type Samples, scrape } from '../support/metrics.js';
import { embeddedPlace } from '../support/place.js';
import { postJson } from '../support/puppet-server.js';
import { suiteManager } from '../support/suite-manager.js';

const DOCS = readFileSync('docs/reference/metrics.md', 'utf8');
/** Every label of a closed set; the others are named after what is there. */
const CLOSED = [
  'form',
  'occasion',
  'outcome',
  'stage',
  'state',
  'target',
  'limit',
  'source',
  'action',
  'result',
  'direction',
];

const place = embeddedPlace();
const manager = suiteManager(() => ({ ...place, env: { ...place.env, METRICS_CORP_LABEL: 'true' } }));
let samples: Samples;

beforeAll(async () => {
  // Without bots their metric has no labels.
  const bot = { name: 'bot', corpId: 'ww1', openKfIds: ['*'], kind: 'puppet' };
  expect((await postJson(`${manager.url}/api/v1/bots`, bot)).status).toBe(200);
  samples = await scrape(manager.url);
});

const ours = () => [...samples.families.values()].filter(({ name }) => name.startsWith('wxkf_'));

it('has a table of all metrics and of no others', () => {
  const listed = Object.entries(METRICS).map(([name, { type, labels }]) => [name, type, labels.join(', ')]);
  const exposed = ours().map(({ name, type, samples: of }) => {
    const labels = new Set(of.flatMap(({ labels }) => Object.keys(labels)).filter((label) => label !== 'le'));
    return [name, type, [...labels].join(', ')];
  });
  expect(listed.sort()).toEqual(exposed.sort());
});

it('names every value of a label that has a closed set of them', () => {
  const values = ours()
    .flatMap(({ samples: of }) => of.flatMap(({ labels }) => Object.entries(labels)))
    .filter(([label, value]) => CLOSED.includes(label) && value !== '')
    .map(([, value]) => value);
  const labels = DOCS.split('\n## Labels\n')[1] ?? '';
  expect(new Set(values).size).toBeGreaterThan(40);
  expect([...new Set(values)].filter((value) => !labels.includes(`\`${value}\``))).toEqual([]);
});

it('has beside ours only those of every Node process', () => {
  const others = [...samples.families.keys()].filter((name) => !/^(wxkf|process|nodejs)_/.test(name));
  expect(others).toEqual([]);
});

it('has units in the names: seconds, bytes, and a total of what is counted', () => {
  const wrong = ours().filter(({ name, type }) => {
    if (type === 'counter') return !name.endsWith('_total');
    return type === 'histogram' ? !name.endsWith('_seconds') : /_(ms|kb|mb|total)$/.test(name);
  });
  expect(wrong.map(({ name }) => name)).toEqual([]);
});
