/** The stores of 2.0.0, which had LMDB and other collections in MongoDB: what the built process says of them, and the way over. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { runCli } from '../support/cli-process.js';
import { mongoPlace } from '../support/each-store.js';
import { spawnManager, TOKEN_URL } from '../support/manager-process.js';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace, type Place } from '../support/place.js';

const EXPORT = 'wxkf-manager export --plain --output registry.jsonl';
const IMPORT = 'wxkf-manager import --input registry.jsonl';
/** What 2.0.0 exported of one puppet, one app and two bots, once sealed with this key and once plain. */
const SEALED = join(process.cwd(), 'test/vectors/registry-of-2.0.0-sealed.jsonl');
const PLAIN = join(process.cwd(), 'test/vectors/registry-of-2.0.0-plain.jsonl');
const KEY = Buffer.alloc(32, 7).toString('base64');

let place: Place;

afterEach(() => place.discard());

/** Start, check and import refuse the store with the same words, which name both commands. */
async function expectRefused(what: RegExp): Promise<void> {
  const manager = spawnManager(place.env);
  const listening = manager.line(({ msg }) => msg === 'manager.listening');
  await expect(listening).rejects.toThrow('the manager ended with 1');
  const { reason } = await manager.line(({ msg }) => msg === 'manager.cannot_start');
  expect(manager.log.filter(({ msg }) => msg === 'manager.cannot_start')).toHaveLength(1);
  expect(reason).toMatch(what);
  expect(reason).toContain(EXPORT);
  expect(reason).toContain(IMPORT);

  const checked = await runCli({ ...place.env, ACCESS_TOKEN_URL: TOKEN_URL }, 'check', '--json');
  const { checks } = JSON.parse(checked.stdout) as { checks: { check: string; message: string }[] };
  expect([checked.code, checks.find(({ check }) => check === 'store')]).toEqual([
    1,
    { check: 'store', status: 'failed', message: reason },
  ]);

  const imported = await runCli({ ...place.env, SECRETS_KEY: KEY }, 'import', '--input', SEALED);
  expect([imported.code, imported.stdout, imported.stderr]).toEqual([1, '', `${reason}\n`]);
}

describe('a DATA_DIR with the store of 2.0.0', () => {
  let folder: string;

  beforeEach(() => {
    place = embeddedPlace();
    folder = place.env.DATA_DIR ?? '';
    writeFileSync(join(folder, 'store.mdb'), Buffer.from('0000000000000000dec0efbe', 'hex'));
  });

  it('is not taken for an empty one: start, check and import name the commands that bring it over', async () => {
    await expectRefused(/^DATA_DIR \S+ has the store of a version before 2\.1\.0 \(store\.mdb\)/);
    expect(readdirSync(folder)).toEqual(['store.mdb']);
  });

  it('is not copied by backup', async () => {
    const copy = join(folder, 'backup.db');
    const { code, stderr } = await runCli(place.env, 'backup', copy);
    expect([code, stderr]).toEqual([1, expect.stringContaining(EXPORT)]);
    expect(existsSync(copy)).toBe(false);
  });
});

describe('a registry that 2.0.0 exported', () => {
  beforeEach(() => {
    place = embeddedPlace();
  });

  it.each([
    ['sealed', SEALED],
    ['plain', PLAIN],
  ])('%s is imported whole, with the key of its store', async (_how, file) => {
    const env = { ...place.env, SECRETS_KEY: KEY };
    const { code, stdout, stderr } = await runCli(env, 'import', '--input', file);
    expect([code, stdout, stderr]).toEqual([
      0,
      '4 added, 0 replaced, 0 unchanged, 0 skipped, 0 failed\n',
      '',
    ]);
    const exported = await runCli(env, 'export', '--plain');
    expect(secretsIn(exported.stdout)).toEqual(secretsIn(readFileSync(PLAIN, 'utf8')));
  });
});

/** The secrets of each line, by the id of its account, app or bot. */
function secretsIn(text: string): Map<string, unknown> {
  const lines = text.trimEnd().split('\n').slice(1, -1);
  return new Map(
    lines.map((line) => {
      const { app, bot, ...puppet } = JSON.parse(line);
      const { id, kfId, corpSecret, token, encodingAESKey, secrets } = app ?? bot ?? puppet;
      return [id ?? kfId, { corpSecret, token, encodingAESKey, secrets }];
    }),
  );
}

mongoSuite('a database of MongoDB with collections of 2.0.0', () => {
  it.each(['wxkfhints', 'wxkfmessageaccounts'])(
    'such as %s is not taken for an empty one: start, check and import name the commands that bring it over',
    async (name) => {
      place = mongoPlace();
      const client = await mongoose.mongo.MongoClient.connect(place.env.MONGO_URI ?? '');
      await client.db().collection(name).createIndex({ dueAt: 1 });
      await expectRefused(
        new RegExp(`^the database of MONGO_URI has collections of a version before 2\\.1\\.0 \\(${name}\\)`),
      );
      const collections = await client.db().listCollections().toArray();
      expect(collections.map((one) => one.name)).toEqual([name]);
      await client.close();
    },
  );
});
