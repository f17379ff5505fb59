/** Secrets at rest, as the built process and its commands keep them, on both stores: embedded and MongoDB. */
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { runCli } from '../support/cli-process.js';
import { type ManagerProcess, spawnManager, startManager } from '../support/manager-process.js';
import { newSecretsKey, type Place } from '../support/place.js';
import {
  type PuppetServer,
  postJson,
  register,
  registrationOf,
  startPuppetServer,
} from '../support/puppet-server.js';
import { findIn } from '../support/secret-forms.js';
import { findStored } from '../support/stored-bytes.js';
import { onEachStoreNightly } from '../support/each-store.js';
import { newApp, newOpenKfId, sendMessage, type WecomApp } from '../support/wecom.js';
import { startWecomServer, type WecomServer } from '../support/wecom-server.js';

const [OLD, NEW] = [newSecretsKey(), newSecretsKey()];
const CORP_SECRET = 'corp-secret-of-the-tests';

let puppet: PuppetServer;
let wecom: WecomServer;
let place: Place;
let manager: ManagerProcess | null = null;
/** All that was written by managers that have ended. */
let said = '';

beforeAll(async () => {
  [puppet, wecom] = await Promise.all([startPuppetServer(), startWecomServer()]);
});

afterAll(() => Promise.all([puppet.close(), wecom.close()]));

const envOf = (keys?: string): Record<string, string> => ({
  ...place.env,
  ACCESS_TOKEN_URL: wecom.tokenUrl,
  LOG_LEVEL: 'trace',
  ...(keys !== undefined && { SECRETS_KEY: keys }),
});

/** On the same data, after whatever runs now has stopped. */
async function start(keys?: string, env = envOf(keys)): Promise<ManagerProcess> {
  await stop();
  manager = await startManager(env);
  return manager;
}

async function stop(): Promise<void> {
  await manager?.stop();
  said += manager?.output() ?? '';
  manager = null;
}

const discard = async () => {
  await stop();
  await place.discard();
};

/** What reseal says. How many records there are depends on what WeCom was asked meanwhile. */
const looked = (changed: number, closed: number): RegExp =>
  RegExp(`^\\d+ record\\(s\\) looked at, ${changed} changed, ${closed} could not be opened\\n$`);

interface Account {
  readonly app: WecomApp;
  readonly openKfId: string;
  readonly secrets: readonly string[];
}

const secretsOf = ({ token, encodingAESKey }: WecomApp) => [CORP_SECRET, token, encodingAESKey];

async function registerNew(): Promise<Account> {
  const [app, openKfId] = [newApp(), newOpenKfId()];
  await register(manager?.url ?? '', app, openKfId, puppet.url);
  return { app, openKfId, secrets: secretsOf(app) };
}

async function expectServed({ app, openKfId }: Pick<Account, 'app' | 'openKfId'>): Promise<void> {
  const arrived = puppet.next();
  expect((await sendMessage(manager?.url ?? '', app, openKfId)).status).toBe(200);
  await arrived;
}

const reseal = (keys?: string, ...options: string[]) => runCli(envOf(keys), 'reseal', ...options);

/** The same, but that the manager has to make the folder. */
function withNewFolder({ env, discard }: Place): Place {
  return {
    env: { ...env, ...(env.DATA_DIR !== undefined && { DATA_DIR: join(env.DATA_DIR, 'made') }) },
    discard,
  };
}

/** The tests are one life of one store and follow each other: it is plain, sealed, rotated, and plain again. */
onEachStoreNightly((newPlace) => {
  const CORP_ID = newApp().corpId;
  const AUTH_PUPPET_TOKEN = 'marked-secret_of-the-puppets';
  const byPuppet = { authorization: `Bearer ${AUTH_PUPPET_TOKEN}` };
  const all: Account[] = [];
  let folder: string;
  let accessToken: string;

  beforeAll(() => {
    place = withNewFolder(newPlace());
    said = '';
    folder = mkdtempSync(join(tmpdir(), 'wxkf-secrets-'));
    wecom.addSecret(CORP_ID, CORP_SECRET);
  });

  afterAll(async () => {
    await discard();
    rmSync(folder, { recursive: true });
  });

  const secrets = () => [...new Set(all.flatMap((account) => account.secrets))];

  async function getToken(): Promise<string> {
    const query = new URLSearchParams({ corpid: CORP_ID, corpsecret: CORP_SECRET });
    const url = `${manager?.url}/puppetWxkfManager/getToken?${query}`;
    return ((await (await fetch(url, { headers: byPuppet })).json()) as { access_token: string })
      .access_token;
  }

  const timesAsked = () => wecom.calls.filter(({ target }) => target.includes(CORP_ID)).length;

  /** Of the files of the embedded store. */
  const modes = () =>
    Object.fromEntries(
      readdirSync(dataDir()).map((name) => [name, statSync(join(dataDir(), name)).mode & 0o777]),
    );
  const FILES = ['wxkf.db', 'wxkf.db-wal', 'wxkf.db-shm', 'log.db', 'log.db-wal', 'log.db-shm', 'lock.db'];
  const PRIVATE = Object.fromEntries(FILES.map((name) => [name, 0o600]));
  const dataDir = (): string => place.env.DATA_DIR ?? '';
  const isEmbedded = () => place.env.DATA_DIR !== undefined;

  it('is plain without a key, in a DATA_DIR for its owner alone, and not resealed while a manager uses it', async () => {
    await start();
    all.push(await registerNew(), await registerNew());
    if (isEmbedded()) {
      expect(statSync(dataDir()).mode & 0o777).toBe(0o700);
      expect(modes()).toEqual(PRIVATE);
      const { code, stdout, stderr } = await reseal(NEW);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/^DATA_DIR \S+ is in use by another process.*\n$/);
    }
    await stop();
    expect(await findStored(place, secrets())).toEqual(secrets());
  });

  it('with a key opens plain records, seals each at its next registration, and the rest by reseal', async () => {
    const [first, second] = all as [Account, Account];
    // Files that everybody could read are closed; those that a group can are left as they are.
    if (isEmbedded()) for (const name of readdirSync(dataDir())) chmodSync(join(dataDir(), name), 0o644);
    const { url } = await start(`${OLD},${NEW}`);
    if (isEmbedded()) expect(modes()).toEqual(PRIVATE);
    for (const account of all) await expectServed(account);
    await register(url, first.app, first.openKfId, puppet.url);
    const third = await registerNew();
    all.push(third);
    await stop();
    expect(await findStored(place, secrets())).toEqual(second.secrets);

    if (isEmbedded()) chmodSync(join(dataDir(), 'wxkf.db'), 0o640);
    expect(await reseal(OLD)).toMatchObject({ code: 0, stdout: expect.stringMatching(looked(1, 0)) });
    if (isEmbedded()) expect(modes()).toEqual({ 'wxkf.db': 0o640, 'log.db': 0o600, 'lock.db': 0o600 });
    expect(await findStored(place, secrets())).toEqual([]);
  });

  it('does not start without the key, and says so in one line', async () => {
    const failed = spawnManager(envOf());
    expect(await failed.exited).toBe(1);
    const output = failed.output();
    said += output;
    expect(output.match(/manager\.cannot_start/g)).toHaveLength(1);
    expect(output).toMatch(
      /sealed with key [0-9a-f]{8} \(3 registration\(s\)\), and SECRETS_KEY is not set.*put that key into SECRETS_KEY.*If it is lost/,
    );
    expect(output).not.toMatch(/secrets\.cannot_open|"level":50/);
    expect(output).not.toContain('manager.listening');
  });

  it('names what reseal with another key cannot open, leaves it as it is, and gives exit code 1', async () => {
    const { code, stdout, stderr } = await reseal(NEW);
    expect([code, stdout]).toEqual([1, expect.stringMatching(looked(0, 3))]);
    for (const { openKfId } of all) {
      const named = stderr.split('\n').filter((line) => line.includes(openKfId));
      expect(named).toEqual([expect.stringMatching(/: sealed with key [0-9a-f]{8}, cannot be opened$/)]);
    }
  });

  it('is rotated by the new key before the old one', async () => {
    const { url } = await start(`${NEW},${OLD}`);
    for (const account of all) await expectServed(account);
    const fourth = await registerNew();
    all.push(fourth);
    accessToken = await getToken();
    expect(accessToken).toBe(wecom.tokenOf(CORP_ID, CORP_SECRET));
    expect(timesAsked()).toBe(1);
    // Kept until its puppet is back, as the store then has its callback and not only its keys.
    const { app, openKfId } = fourth;
    await postJson(`${url}/puppetWxkfManager/deregister`, { kfId: openKfId, corpId: app.corpId });
    expect((await sendMessage(url, app, openKfId)).status).toBe(200);
    await stop();
  });

  it('is ready for the new key alone after reseal, from files, as containers mount them', async () => {
    const rotated = await reseal(`${NEW},${OLD}`);
    expect(rotated).toMatchObject({ code: 0, stdout: expect.stringMatching(looked(3, 0)) });
    const fileOf = (name: string, content: string): string => {
      writeFileSync(join(folder, name), `${content}\n`);
      return join(folder, name);
    };
    const { MONGO_URI, ...others } = envOf();
    const files = {
      ...others,
      HOST: '127.0.0.1',
      SECRETS_KEY_FILE: fileOf('key', NEW),
      AUTH_PUPPET_TOKEN_FILE: fileOf('puppet', AUTH_PUPPET_TOKEN),
      ...(MONGO_URI !== undefined && { MONGO_URI_FILE: fileOf('mongo', MONGO_URI) }),
    };
    const kept = puppet.next();
    const { url } = await start(undefined, files);
    const [fourth] = all.slice(-1) as [Account];
    const body = registrationOf(fourth.app, fourth.openKfId, puppet.url);
    const path = `${url}/puppetWxkfManager/register`;
    expect((await postJson(path, body)).status).toBe(401);
    const headers = { 'content-type': 'application/json', ...byPuppet };
    const back = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
    expect(back.status).toBe(200);
    await kept;
    for (const account of all) await expectServed(account);
    expect(await getToken()).toBe(accessToken);
    expect(timesAsked()).toBe(1);
    await stop();
    expect(await findStored(place, [...secrets(), accessToken])).toEqual([]);
  });

  it('is plain again after reseal --plain', async () => {
    // The access token, too.
    expect((await reseal(NEW, '--plain')).stdout).toMatch(looked(all.length + 1, 0));
    expect(await findStored(place, secrets())).toEqual(secrets());
  });

  it('has never said a secret', async () => {
    await stop();
    expect(findIn(said, [...secrets(), accessToken, AUTH_PUPPET_TOKEN, OLD, NEW])).toEqual([]);
  });
});
