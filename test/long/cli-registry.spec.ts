/** export and import as the build has them, on both stores: embedded and MongoDB. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { runCli, runCliWith } from '../support/cli-process.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace, newSecretsKey, type Place } from '../support/place.js';
import { type PuppetServer, postJson, register, startPuppetServer } from '../support/puppet-server.js';
import { findIn } from '../support/secret-forms.js';
import { findStored } from '../support/stored-bytes.js';
import { mongoPlace } from '../support/each-store.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId, sendMessage } from '../support/wecom.js';

const [OLD, NEW] = [newSecretsKey(), newSecretsKey()];
const CORP_SECRET = 'corp-secret-of-the-tests';

let folder: string;
let puppet: PuppetServer;
let places: Place[];
let managers: ManagerProcess[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wxkf-export-'));
  puppet = await startPuppetServer();
});

afterAll(async () => {
  await puppet.close();
  rmSync(folder, { recursive: true });
});

beforeEach(() => {
  [places, managers] = [[], []];
});

afterEach(async () => {
  await Promise.all(managers.map((manager) => manager.stop()));
  await Promise.all(places.map((place) => place.discard()));
});

/** One that is thrown away after the test. */
function newPlace(place: Place): Place['env'] {
  places.push(place);
  return place.env;
}

async function start(env: Place['env']): Promise<ManagerProcess> {
  const manager = await startManager(env);
  managers.push(manager);
  return manager;
}

async function stop(manager: ManagerProcess): Promise<void> {
  managers.splice(managers.indexOf(manager), 1);
  expect(await manager.stop()).toBe(0);
}

/** Without the first line, which has the time. */
const registrationsIn = (text: string): string[] => text.split('\n').slice(1, -2).sort();

const fileOf = (lines: readonly object[]): string =>
  [
    {
      format: 'wxkf-manager-registry',
      version: 1,
      exportedAt: '2026-01-02T03:04:05.678Z',
      secrets: 'plain',
      keyIds: [],
    },
    ...lines,
    { end: true, registrations: lines.length },
  ]
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('');

const lineOf = (n: number): object => ({
  kfId: `wk${n}`,
  kfName: `客服 ${n}`,
  endpoint: `http://puppet-${n}:8080`,
  corpId: `ww${n % 10}`,
  corpSecret: `secret-${n}`,
  token: 'callbackToken1',
  encodingAESKey: 'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C',
  online: n % 2 === 0,
  lastOnlineDate: '2026-01-02T03:04:05.678Z',
  acceptedSecretId: null,
  from: '10.0.0.1',
  replacedFrom: [],
});

/** It is neither exported nor written to while a manager uses it. */
async function expectLeftAlone(env: Place['env']): Promise<void> {
  const file = join(folder, 'none.jsonl');
  for (const run of [
    runCli(env, 'export', '--plain', '--output', file),
    runCliWith(fileOf([]), env, 'import'),
  ]) {
    const { code, stdout, stderr } = await run;
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/DATA_DIR \S+ is in use by another process/);
  }
  expect(existsSync(file)).toBe(false);
}

mongoSuite('a registry', () => {
  it('goes from the embedded store, once no manager uses that, to MongoDB and back, sealed and plain, and is served everywhere', async () => {
    const [first, database, last] = [
      newPlace(embeddedPlace()),
      newPlace(mongoPlace()),
      newPlace(embeddedPlace()),
    ];
    const app = newApp();
    const [online, offline] = [newOpenKfId(), newOpenKfId()];
    const secrets = [CORP_SECRET, app.token, app.encodingAESKey];
    const before = await start({ ...first, SECRETS_KEY: OLD });
    for (const openKfId of [online, offline]) await register(before.url, app, openKfId, puppet.url);
    await postJson(`${before.url}/puppetWxkfManager/deregister`, { kfId: offline, corpId: app.corpId });
    await expectLeftAlone(first);
    await stop(before);

    const file = join(folder, 'registry.jsonl');
    const exported = await runCli({ ...first, SECRETS_KEY: OLD }, 'export', '--output', file);
    expect(exported).toEqual({ code: 0, stdout: '2 registration(s) exported, 0 left out\n', stderr: '' });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(existsSync(`${file}.partial`)).toBe(false);
    expect(findIn(readFileSync(file), secrets)).toEqual([]);

    // Managers run meanwhile, and have been asked for the corp in vain.
    const env = { ...database, SECRETS_KEY: `${NEW},${OLD}` };
    const running = await start(env);
    const put = await runCli(env, 'import', '--json', '--input', file);
    const counts = { added: 2, replaced: 0, unchanged: 0, skipped: 0, failed: 0, dryRun: false };
    expect([put.code, JSON.parse(put.stdout), put.stderr]).toEqual([0, counts, '']);
    const again = await runCli(env, 'import', '--input', file);
    expect([again.code, again.stdout]).toEqual([
      0,
      '0 added, 0 replaced, 2 unchanged, 0 skipped, 0 failed\n',
    ]);
    const delivered = puppet.next();
    // A database that is busy with other tests may be too slow once.
    await until(async () => (await sendMessage(running.url, app, online)).status === 200);
    await delivered;
    expect(await findStored({ env: database, discard: async () => {} }, secrets)).toEqual([]);

    const plain = await runCli(env, 'export', '--plain');
    expect(plain.code).toBe(0);
    expect(plain.stderr).toMatch(
      /^what is exported has all secrets in the clear.*\n2 registration\(s\) exported/,
    );
    expect(findIn(plain.stdout, secrets)).toEqual(secrets);
    expect((await runCliWith(plain.stdout, last, 'import')).stdout).toMatch(/^2 added/);
    const back = await runCli(last, 'export', '--plain');
    expect(registrationsIn(back.stdout)).toEqual(registrationsIn(plain.stdout));
    const states = registrationsIn(back.stdout).map((line) => JSON.parse(line));
    expect(states).toHaveLength(2);
    expect(states.map(({ kfId, online }) => [kfId, online])).toEqual(
      expect.arrayContaining([
        [online, true],
        [offline, false],
      ]),
    );

    const after = await start(last);
    const served = puppet.next();
    expect((await sendMessage(after.url, app, online)).status).toBe(200);
    await served;
  });
});

describe('an embedded store', () => {
  it('takes thousands of registrations and gives them back with the same small memory', async () => {
    const env = { ...newPlace(embeddedPlace()), NODE_OPTIONS: '--max-old-space-size=64' };
    const file = fileOf(Array.from({ length: 2_500 }, (_, n) => lineOf(n)));
    const put = await runCliWith(file, env, 'import');
    expect([put.code, put.stdout]).toEqual([0, '2500 added, 0 replaced, 0 unchanged, 0 skipped, 0 failed\n']);
    const { code, stdout } = await runCli(env, 'export', '--plain');
    expect(code).toBe(0);
    expect(registrationsIn(stdout)).toEqual(registrationsIn(file));
  });

  it('takes the good lines of a bad file, names the others, and changes nothing in a dry run', async () => {
    const env = newPlace(embeddedPlace());
    const file = fileOf([lineOf(1), { ...lineOf(2), token: 'marked secret' }, lineOf(3)]);
    const trial = await runCliWith(file, env, 'import', '--dry-run');
    expect([trial.code, trial.stdout]).toEqual([
      1,
      expect.stringMatching(/^dry run, nothing was written: 2 would be added, .*, 1 would fail\n$/),
    ]);
    const { code, stdout, stderr } = await runCliWith(file, env, 'import');
    expect([code, stdout]).toEqual([1, '2 added, 0 replaced, 0 unchanged, 0 skipped, 1 failed\n']);
    expect(stderr).toMatch(/^line 3: token must be 1 to 32 letters and digits/);
    expect(stderr).not.toContain('marked secret');
  });

  it('is left alone by a file that cannot be opened', async () => {
    const { DATA_DIR = '' } = newPlace(embeddedPlace());
    const env = { DATA_DIR: join(DATA_DIR, 'made') };
    const sealed = fileOf([lineOf(1)]).replace('"plain","keyIds":[]', '"sealed","keyIds":["01234567"]');
    const { code, stderr } = await runCliWith(sealed, env, 'import');
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^the file is sealed with key 01234567, and SECRETS_KEY/),
    ]);
    expect(existsSync(env.DATA_DIR)).toBe(false);
  });

  it('is not exported where there is no key, or no place for the file', async () => {
    const [keyless, nowhere, missing] = await Promise.all([
      runCli(newPlace(embeddedPlace()), 'export'),
      runCli(newPlace(embeddedPlace()), 'export', '--plain', '--output', join(folder, 'no', 'where')),
      runCli(newPlace(embeddedPlace()), 'import', '--input', join(folder, 'nothing')),
    ]);
    expect(keyless).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^SECRETS_KEY is not set.*--plain\n$/),
    });
    expect([nowhere.code, nowhere.stderr]).toEqual([
      1,
      expect.stringMatching(/cannot be written to \(ENOENT\)/),
    ]);
    expect([missing.code, missing.stderr]).toEqual([
      1,
      expect.stringMatching(/nothing cannot be read \(ENOENT\)\n$/),
    ]);
  });
});
