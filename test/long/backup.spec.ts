/** backup as the build has it: the store of a running manager becomes one file, which a manager starts from. */
import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { runCli } from '../support/cli-process.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace, newSecretsKey, type Place } from '../support/place.js';
import { register } from '../support/puppet-server.js';
import { refusedUrl } from '../support/raw-server.js';
import { newApp, newOpenKfId, sendMessage } from '../support/wecom.js';

/** Of all tests; each store in it has a folder of its own. */
let place: Place;
/** Of the running test: where its copies are. */
let backups: string;
let file: string;

beforeAll(() => {
  place = embeddedPlace();
});

afterAll(() => place.discard());

beforeEach(() => {
  backups = newFolder('backups');
  file = join(backups, 'wxkf.db');
  writeFileSync(file, 'an older copy', { mode: 0o644 });
});

const newFolder = (name: string): string => mkdtempSync(join(place.env.DATA_DIR ?? '', `${name}-`));

/** With a registration and a hint. */
async function startUsed(env: Record<string, string>): Promise<ManagerProcess> {
  const [app, openKfId] = [newApp(), newOpenKfId()];
  const manager = await startManager(env);
  await register(manager.url, app, openKfId, await refusedUrl());
  expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
  return manager;
}

async function expectRestored(env: Record<string, string>): Promise<void> {
  const restored = newFolder('restored');
  copyFileSync(file, join(restored, 'wxkf.db'));
  const manager = await startManager({ ...env, DATA_DIR: restored });
  const { puppets } = await manager.line(({ msg }) => msg === 'registry.loaded');
  expect(puppets).toBe(1);
  const { details } = (await (await fetch(`${manager.url}/health`)).json()) as {
    details: { outbox: { waiting: number } };
  };
  expect(details.outbox.waiting).toBe(1);
  await manager.stop();
}

/** And nothing else is beside it. */
function expectOlderCopy(): void {
  expect(readFileSync(file, 'utf8')).toBe('an older copy');
  expect(readdirSync(backups)).toEqual(['wxkf.db']);
}

describe('the store of a running manager', () => {
  let env: { readonly DATA_DIR: string; readonly SECRETS_KEY: string };
  let used: ManagerProcess;

  beforeAll(async () => {
    env = { DATA_DIR: newFolder('data'), SECRETS_KEY: newSecretsKey() };
    used = await startUsed(env);
  });

  afterAll(() => used.stop());

  const copyTo = (to: string, ...more: string[]) => runCli({ DATA_DIR: env.DATA_DIR }, 'backup', to, ...more);

  it('is copied for its owner alone, in the place of an older copy, and a manager starts from it', async () => {
    const { code, stdout, stderr } = await runCli(env, 'backup', '--json', file);
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual({
      ...{ file, bytes: statSync(file).size, registrations: 1, apps: 0, bots: 0 },
      sealed: true,
    });
    expect([statSync(file).mode & 0o777, readdirSync(backups)]).toEqual([0o600, ['wxkf.db']]);
    await expectRestored({ SECRETS_KEY: env.SECRETS_KEY });
  });

  it('stays sealed, and says so also where only the manager has the key', async () => {
    expect((await copyTo(file)).stdout).toMatch(
      /; its secrets are sealed: keep SECRETS_KEY, without it they cannot be opened$/m,
    );
  });

  it('is copied neither over itself nor to a folder that is not there, and an older copy stays', async () => {
    expect(await copyTo(join(env.DATA_DIR, 'wxkf.db'))).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is in DATA_DIR, where the name .* begin with backup;/),
    });
    // Beside it is room for one, under a name of its own.
    expect((await copyTo(join(env.DATA_DIR, 'backup.db'))).code).toBe(0);
    expect(await copyTo(join(backups, 'nowhere/wxkf.db'))).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/nowhere\/wxkf\.db cannot be written/),
    });
    expect((await fetch(`${used.url}/health/ready`)).status).toBe(200);
    expectOlderCopy();
  });
});

describe('the store of a manager that was killed', () => {
  let env: { readonly DATA_DIR: string };

  beforeAll(async () => {
    env = { DATA_DIR: newFolder('data') };
    const used = await startUsed(env);
    await used.stop('SIGKILL');
  });

  it('is copied too, without a key with its secrets in the clear, and a manager starts from it', async () => {
    expect(await runCli(env, 'backup', file)).toEqual({
      code: 0,
      stdout: `${file}: 1 registration(s), 0 app(s), 0 bot(s); its secrets are not sealed: whoever can read the file has them\n`,
      stderr: '',
    });
    await expectRestored({});
  });

  it('is not copied once it is damaged, and an older copy stays', async () => {
    const DATA_DIR = newFolder('damaged');
    cpSync(env.DATA_DIR, DATA_DIR, { recursive: true });
    rmSync(join(DATA_DIR, 'wxkf.db-wal'), { force: true });
    writeFileSync(join(DATA_DIR, 'wxkf.db'), Buffer.alloc(65_536, 7));
    expect(await runCli({ DATA_DIR }, 'backup', file)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is damaged/),
    });
    expectOlderCopy();
  });
});

describe('no copy is made, and an older one stays,', () => {
  it('of a folder without a store, which stays as it is', async () => {
    const folder = newFolder('empty');
    const data = join(folder, 'data');
    const { code, stderr } = await runCli({ DATA_DIR: data }, 'backup', file);
    expect([code, stderr]).toEqual([1, `DATA_DIR ${data} has no store to copy\n`]);
    expect(readdirSync(folder)).toEqual([]);
    expectOlderCopy();
  });

  it('of MongoDB, for which there is mongodump', async () => {
    const { code, stderr } = await runCli({ MONGO_URI: 'mongodb://127.0.0.1:1/wxkf' }, 'backup', file);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/mongodump/)]);
    expectOlderCopy();
  });
});
