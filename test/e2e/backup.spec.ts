/** backup as the build has it: the store of a running manager becomes one file, which a manager starts from. */
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runCli } from '../support/cli-process.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace, newSecretsKey, type Place } from '../support/place.js';
import { register } from '../support/puppet-server.js';
import { refusedUrl } from '../support/raw-server.js';
import { newApp, newOpenKfId, sendMessage } from '../support/wecom.js';

let place: Place;
let folder: string;
let data: string;
let file: string;
let running: ManagerProcess | null;

beforeEach(() => {
  place = embeddedPlace();
  folder = place.env.DATA_DIR ?? '';
  data = join(folder, 'data');
  file = join(folder, 'backups/store.mdb');
  mkdirSync(join(folder, 'backups'));
  running = null;
});

afterEach(async () => {
  await running?.stop();
  await place.discard();
});

/** With a registration and a hint. */
async function startUsed(env: Record<string, string>): Promise<ManagerProcess> {
  const [app, openKfId] = [newApp(), newOpenKfId()];
  running = await startManager(env);
  await register(running.url, app, openKfId, await refusedUrl());
  expect((await sendMessage(running.url, app, openKfId)).status).toBe(200);
  return running;
}

async function expectRestored(env: Record<string, string>): Promise<void> {
  const restored = join(folder, 'restored');
  mkdirSync(restored, { mode: 0o700 });
  renameSync(file, join(restored, 'store.mdb'));
  const manager = await startManager({ ...env, DATA_DIR: restored });
  const { puppets } = await manager.line(({ msg }) => msg === 'registry.loaded');
  expect(puppets).toBe(1);
  const { details } = (await (await fetch(`${manager.url}/health`)).json()) as {
    details: { outbox: { waiting: number } };
  };
  expect(details.outbox.waiting).toBe(1);
  await manager.stop();
}

describe('the store of a running manager', () => {
  it('is copied for its owner alone, in the place of an older copy, and a manager starts from it', async () => {
    const env = { DATA_DIR: data };
    await startUsed(env);
    writeFileSync(file, 'an older copy', { mode: 0o644 });
    const { code, stdout, stderr } = await runCli(env, 'backup', file);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(
      `${file}: 1 registration(s), 0 app(s), 0 bot(s); its secrets are not sealed: whoever can read the file has them\n`,
    );
    expect([statSync(file).mode & 0o777, readdirSync(join(folder, 'backups'))]).toEqual([
      0o600,
      ['store.mdb'],
    ]);
    await expectRestored({});
  });

  it('stays sealed, and says so also where only the manager has the key', async () => {
    const env = { DATA_DIR: data, SECRETS_KEY: newSecretsKey() };
    await startUsed(env);
    expect((await runCli({ DATA_DIR: data }, 'backup', file)).stdout).toMatch(
      /; its secrets are sealed: keep SECRETS_KEY, without it they cannot be opened$/m,
    );
    const { stdout } = await runCli(env, 'backup', '--json', file);
    expect(JSON.parse(stdout)).toEqual({
      ...{ file, bytes: statSync(file).size, registrations: 1, apps: 0, bots: 0 },
      sealed: true,
    });
    await expectRestored({ SECRETS_KEY: env.SECRETS_KEY });
  });
});

it('the store of a manager that was killed is copied too', async () => {
  const used = await startUsed({ DATA_DIR: data });
  await used.stop('SIGKILL');
  running = null;
  expect((await runCli({ DATA_DIR: data }, 'backup', file)).code).toBe(0);
  await expectRestored({});
});

describe('no copy is made, and an older one stays,', () => {
  beforeEach(() => writeFileSync(file, 'an older copy'));

  afterEach(() => {
    expect(readFileSync(file, 'utf8')).toBe('an older copy');
    expect(readdirSync(join(folder, 'backups'))).toEqual(['store.mdb']);
  });

  it('of a folder without a store, which stays as it is', async () => {
    const { code, stderr } = await runCli({ DATA_DIR: data }, 'backup', file);
    expect([code, stderr]).toEqual([1, `DATA_DIR ${data} has no store to copy\n`]);
    expect(readdirSync(folder)).toEqual(['backups']);
  });

  it('over the store itself, or to a folder that is not there; nor of it once it is damaged', async () => {
    const used = await startUsed({ DATA_DIR: data });
    const copyTo = (to: string) => runCli({ DATA_DIR: data }, 'backup', to);
    const [own, nowhere] = [join(data, 'store.mdb'), join(folder, 'nowhere/store.mdb')];
    expect(await copyTo(own)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is in DATA_DIR, where the name .* begin with backup;/),
    });
    // Beside it is room for one, under a name of its own.
    expect((await copyTo(join(data, 'backup.mdb'))).code).toBe(0);
    expect(await copyTo(nowhere)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/nowhere\/store\.mdb cannot be written/),
    });
    expect((await fetch(`${used.url}/health/ready`)).status).toBe(200);
    await used.stop();
    running = null;
    writeFileSync(own, Buffer.alloc(65_536, 7));
    expect(await copyTo(file)).toMatchObject({ code: 1, stderr: expect.stringMatching(/is damaged/) });
  });

  it('of MongoDB, for which there is mongodump', async () => {
    const { code, stderr } = await runCli({ MONGO_URI: 'mongodb://127.0.0.1:1/wxkf' }, 'backup', file);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/mongodump/)]);
  });
});
