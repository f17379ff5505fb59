import { beforeEach, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { revealedApp, storedApp } from '../../../test/support/apps.js';
import { type AppTable, MemoryAppRepository } from '../../../test/support/memory-app.repository.js';
import { newSecretsKey } from '../../../test/support/place.js';
import { isSealed, Sealer } from '../../crypto/sealer.js';
import { Secret } from '../../kernel/secret.js';
import type { App } from '../../registry/apps/app.js';
import type { AppRepository } from '../../registry/apps/app.repository.js';
import { SealedAppRepository } from './sealed-app.repository.js';

const [OLD, NEW] = [newSecretsKey(), newSecretsKey()];
const [one, two] = [storedApp(), storedApp({ corpId: 'ww2' })];

let table: AppTable;
let lines: Record<string, unknown>[];

beforeEach(() => {
  table = new Map();
  lines = [];
});

/** As after a start with these keys. */
function open(...keys: string[]): AppRepository {
  const log = pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line)) });
  const sealer = new Sealer(keys.map((key) => new Secret(key)));
  return new SealedAppRepository(new MemoryAppRepository(table), sealer, log);
}

const stored = (id: string): App => table.get(id) ?? one;
const loaded = async (apps: AppRepository) => (await apps.load()).map(revealedApp);

it('stores both secrets sealed, and everything else as it is', async () => {
  await open(NEW).add(one);
  const { callbackToken, encodingAESKey, ...others } = stored(one.id);
  for (const secret of [callbackToken, encodingAESKey]) expect(isSealed(secret.reveal())).toBe(true);
  expect(others).toEqual((({ callbackToken: _token, encodingAESKey: _key, ...same }) => same)(one));
});

it('takes plain secrets of an earlier run as they are', async () => {
  await open().add(one);
  expect(await loaded(open(NEW))).toEqual([revealedApp(one)]);
});

it('opens with any key, and seals with the first', async () => {
  await open(OLD).add(one);
  await open(NEW, OLD).add(two);
  expect(await loaded(open(OLD, NEW))).toEqual([one, two].map(revealedApp));
});

it.each([
  ['another key', [NEW], /key [0-9a-f]{8} \(2 app\(s\)\), which SECRETS_KEY does not have; put that key/],
  ['no key', [], /key [0-9a-f]{8} \(2 app\(s\)\), and SECRETS_KEY is not set.*documents of wxkfapps/],
])('is no store to start on with %s', async (_what, keys, reason) => {
  await open(OLD).add(one);
  await open(OLD).add(two);
  await expect(open(...keys).load()).rejects.toThrow(reason);
  expect(lines).toEqual([]);
});

it('knows an app without its secrets that another replica seals with a key unknown here, and says so once', async () => {
  const apps = open(NEW);
  await apps.load();
  await open(OLD).add(one);
  for (let round = 0; round < 3; round++) {
    expect(await loaded(apps)).toEqual([{ ...revealedApp(one), callbackToken: '', encodingAESKey: '' }]);
  }
  expect(lines).toMatchObject([{ level: 50, msg: 'secrets.cannot_open', appId: one.id, corpId: one.corpId }]);
});

it.each([
  ['corp', (app: App): App => ({ ...app, corpId: 'wwOther' })],
  ['app', (app: App): App => ({ ...app, id: two.id })],
  ['field', (app: App): App => ({ ...app, encodingAESKey: app.callbackToken })],
])('opens no secret that was moved to another %s', async (_what, moved) => {
  const apps = open(NEW);
  await apps.add(one);
  const { id } = moved(stored(one.id));
  table = new Map([[id, moved(stored(one.id))]]);
  expect(await loaded(open(NEW))).toMatchObject([{ callbackToken: '', encodingAESKey: '' }]);
  expect(lines).toMatchObject([{ level: 50, msg: 'secrets.cannot_open' }]);
  expect(JSON.stringify(lines)).not.toMatch(/callbackToken1|jWmYm7/);
});
