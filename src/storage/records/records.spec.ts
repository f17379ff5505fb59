/** Secrets of records; what else records promise is tested on every store, in test/contracts. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { revealedApp, storedApp } from '../../../test/support/apps.js';
import { MemoryRecords, RecordData } from '../../../test/support/memory-records.js';
import { newSecretsKey } from '../../../test/support/place.js';
import { REPLIES } from '../../agents/replies.js';
import { isSealed, Sealer } from '../../crypto/sealer.js';
import { Secret } from '../../kernel/secret.js';
import { type App, APPS } from '../../registry/apps/app.js';
import type { Records } from './records.js';

const LATER_MS = Date.UTC(2999, 5, 7);
const [OLD, NEW] = [newSecretsKey(), newSecretsKey()];
const [one, two] = [storedApp(), storedApp({ corpId: 'ww2' })];

let data: RecordData;
let lines: Record<string, unknown>[];

beforeEach(() => {
  data = new RecordData();
  lines = [];
});

/** As after a start with these keys. */
function openStore(...keys: string[]): MemoryRecords {
  const log = pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line)) });
  return new MemoryRecords(data, true, new Sealer(keys.map((key) => new Secret(key))), log);
}

const open = (...keys: string[]): Records<App> => openStore(...keys).of(APPS);
const stored = (id: string) => data.of(APPS).records.get(id)?.fields as Record<string, string>;
const loaded = async (apps: Records<App>) => (await apps.load()).map(revealedApp);

describe('secrets', () => {
  it('are stored sealed, each anew, and everything else as it is', async () => {
    await open(NEW).add(one);
    const { callbackToken = '', encodingAESKey = '', ...others } = stored(one.id);
    expect([isSealed(callbackToken), isSealed(encodingAESKey)]).toEqual([true, true]);
    expect(others).toEqual((({ callbackToken: _token, encodingAESKey: _key, ...same }) => same)(one));
    expect(await loaded(open(NEW))).toEqual([revealedApp(one)]);
  });

  it('that are plain, as an earlier run has left them, are taken as they are', async () => {
    await open().add(one);
    expect(await loaded(open(NEW))).toEqual([revealedApp(one)]);
  });

  it('open with any key, and are sealed with the first', async () => {
    await open(OLD).add(one);
    await open(NEW, OLD).add(two);
    expect(await loaded(open(OLD, NEW))).toEqual([one, two].map(revealedApp));
  });

  it.each([
    ['another key', [NEW], /key [0-9a-f]{8} \(2 apps\), which SECRETS_KEY does not have; put that key/],
    ['no key', [], /key [0-9a-f]{8} \(2 apps\), and SECRETS_KEY is not set.*documents of wxkfapps/],
  ])('let nobody start with %s, as often as it is tried', async (_what, keys, reason) => {
    for (const app of [one, two]) await open(OLD).add(app);
    const apps = open(...keys);
    for (let times = 0; times < 2; times++) await expect(apps.load()).rejects.toThrow(reason);
    expect(lines).toEqual([]);
  });

  it('that are made anew by themselves keep nobody from starting', async () => {
    const reply = { key: 'msg_1', content: new Secret('{}'), isSent: false, expiresAtMs: LATER_MS };
    await openStore(OLD).of(REPLIES).add(reply);
    const [closed] = await openStore(NEW).of(REPLIES).load();
    expect([closed?.key, closed?.content.reveal()]).toEqual(['msg_1', '']);
    expect(lines).toMatchObject([{ level: 40, msg: 'record.cannot_open', kind: 'replies' }]);
  });
});

describe('a record whose key is missing, since another replica has sealed it', () => {
  let apps: Records<App>;

  beforeEach(async () => {
    apps = open(NEW);
    await apps.load();
    await open(OLD).add(one);
  });

  it('is known without its secrets, which is said once', async () => {
    const closed = { ...revealedApp(one), callbackToken: '', encodingAESKey: '' };
    for (let round = 0; round < 3; round++) expect(await loaded(apps)).toEqual([closed]);
    const line = { level: 50, msg: 'secrets.cannot_open', kind: 'apps', id: one.id, corpId: one.corpId };
    expect(lines).toMatchObject([line]);
  });

  it('keeps them when something else of it is changed', async () => {
    await apps.change(one.id, (app) => app && { ...app, name: 'renamed' });
    expect(await loaded(open(OLD))).toEqual([{ ...revealedApp(one), name: 'renamed' }]);
  });

  it('gets others, can be removed, and is not added again', async () => {
    expect(await apps.add(one)).toBe('taken');
    await apps.change(one.id, () => one);
    expect(await loaded(apps)).toEqual([revealedApp(one)]);
    expect(await apps.remove(one.id)).toBe(true);
  });
});

it.each([
  ['corp', { corpId: 'wwOther' }],
  ['record', { id: two.id }],
])('no secret opens that was moved to another %s', async (_what, moved) => {
  await open(NEW).add(one);
  const { records } = data.of(APPS);
  for (const [key, record] of records)
    records.set(key, { ...record, fields: { ...record.fields, ...moved } });
  expect(await loaded(open(NEW))).toMatchObject([{ callbackToken: '', encodingAESKey: '' }]);
  expect(lines).toMatchObject([{ level: 50, msg: 'secrets.cannot_open' }]);
  expect(JSON.stringify(lines)).not.toMatch(/callbackToken1|jWmYm7/);
});

it('no secret opens that was moved to another field', async () => {
  await open(NEW).add(one);
  const { records } = data.of(APPS);
  for (const [key, record] of records) {
    const encodingAESKey = stored(key).callbackToken;
    records.set(key, { ...record, fields: { ...record.fields, encodingAESKey } });
  }
  expect(await loaded(open(NEW))).toMatchObject([{ callbackToken: '', encodingAESKey: '' }]);
});

describe('records as they were written last', () => {
  /** How many of these records are read again where each is changed once more. */
  async function readAgain(count: number, chars: number): Promise<number> {
    const store = openStore();
    const apps = store.of(APPS);
    const all = Array.from({ length: count }, (_, n) =>
      storedApp({ corpId: `ww${n}`, name: 'x'.repeat(chars) }),
    );
    for (const app of all) await apps.add(app);
    let reads = 0;
    store.meanwhile = async (what) => void (reads += Number(what === 'read'));
    for (const { id } of all.toReversed()) await apps.change(id, (app) => app && { ...app, receiveIds: [] });
    return reads;
  }

  it('are remembered, so that a change reads nothing', async () => {
    expect(await readAgain(1_000, 100)).toBe(0);
  });

  it('are not remembered beyond 2 MB, however few they are', async () => {
    expect(await readAgain(100, 100_000)).toBeGreaterThanOrEqual(79);
    expect(await readAgain(1, 3_000_000)).toBe(1);
  });
});
