/** Secrets at rest, as the built process and its commands keep them, on both stores: embedded and MongoDB. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { runCli } from '../support/cli-process.js';
import { type ManagerProcess, spawnManager, startManager } from '../support/manager-process.js';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace, newSecretsKey, type Place } from '../support/place.js';
import {
  type PuppetServer,
  postJson,
  register,
  registrationOf,
  startPuppetServer,
} from '../support/puppet-server.js';
import { findStored } from '../support/stored-bytes.js';
import { mongoPlace, onEachStore } from '../support/stores.js';
import { newApp, newOpenKfId, sendMessage, type WecomApp } from '../support/wecom.js';
import { startWecomServer, type WecomServer } from '../support/wecom-server.js';

const [OLD, NEW] = [newSecretsKey(), newSecretsKey()];
const CORP_SECRET = 'corp-secret-of-the-tests';

let puppet: PuppetServer;
let wecom: WecomServer;
let place: Place;
let manager: ManagerProcess | null;

beforeEach(async () => {
  manager = null;
  [puppet, wecom] = await Promise.all([startPuppetServer(), startWecomServer()]);
});

afterEach(async () => {
  await stop();
  await Promise.all([puppet.close(), wecom.close(), place.discard()]);
});

const envOf = (keys?: string): Record<string, string> => ({
  ...place.env,
  ACCESS_TOKEN_URL: wecom.tokenUrl,
  LOG_LEVEL: 'trace',
  ...(keys !== undefined && { SECRETS_KEY: keys }),
});

/** On the same data, after whatever runs now has stopped. */
async function start(keys?: string): Promise<ManagerProcess> {
  await stop();
  manager = await startManager(envOf(keys));
  return manager;
}

async function stop(): Promise<void> {
  await manager?.stop();
  manager = null;
}

async function failedStart(keys?: string): Promise<{ code: unknown; said: string }> {
  await stop();
  const process = spawnManager(envOf(keys));
  const code = await process.exited;
  return { code, said: process.output() };
}

/** What reseal says. How many records there are depends on what WeCom was asked meanwhile. */
const looked = (changed: number, closed: number): RegExp =>
  RegExp(`^\\d+ record\\(s\\) looked at, ${changed} changed, ${closed} could not be opened\\n$`);

interface Account {
  readonly app: WecomApp;
  readonly openKfId: string;
  readonly secrets: readonly string[];
}

async function registerNew(): Promise<Account> {
  const [app, openKfId] = [newApp(), newOpenKfId()];
  await register(manager?.url ?? '', app, openKfId, puppet.url);
  return { app, openKfId, secrets: [CORP_SECRET, app.token, app.encodingAESKey] };
}

async function expectServed({ app, openKfId }: Account): Promise<void> {
  const arrived = puppet.next();
  expect((await sendMessage(manager?.url ?? '', app, openKfId)).status).toBe(200);
  await arrived;
}

const reseal = (keys?: string, ...options: string[]) => runCli(envOf(keys), 'reseal', ...options);

onEachStore((newPlace) => {
  beforeEach(() => {
    place = newPlace();
  });

  it('opens callbacks after a restart, with no secret in what is stored and said', async () => {
    const first = await start(NEW);
    const account = await registerNew();
    // Kept until its puppet is back, as the store then has its callback and not only its keys.
    const { app, openKfId } = account;
    await postJson(`${first.url}/puppetWxkfManager/deregister`, { kfId: openKfId, corpId: app.corpId });
    expect((await sendMessage(first.url, app, openKfId)).status).toBe(200);
    await stop();
    expect(await findStored(place, account.secrets)).toEqual([]);

    // What was kept 5 s ago is sent before the puppet says anything.
    const kept = puppet.next();
    const second = await start(NEW);
    await postJson(`${second.url}/puppetWxkfManager/register`, registrationOf(app, openKfId, puppet.url));
    await kept;
    await expectServed(account);
    await stop();
    for (const secret of [...account.secrets, NEW]) {
      expect(first.output() + second.output()).not.toContain(secret);
    }
    expect(await findStored(place, account.secrets)).toEqual([]);
  });

  it('serves an access token after a restart without asking for it, and stores it sealed', async () => {
    const corpId = 'ww5823bf96d3bd56c7';
    wecom.addSecret(corpId, CORP_SECRET);
    const getToken = async (): Promise<string> => {
      const query = new URLSearchParams({ corpid: corpId, corpsecret: CORP_SECRET });
      const response = await fetch(`${manager?.url}/puppetWxkfManager/getToken?${query}`);
      return ((await response.json()) as { access_token: string }).access_token;
    };
    await start(NEW);
    const token = await getToken();
    expect(token).toBe(wecom.tokenOf(corpId, CORP_SECRET));
    await start(NEW);
    expect(await getToken()).toBe(token);
    expect(wecom.tokenCalls).toBe(1);
    await stop();
    expect(await findStored(place, [token, CORP_SECRET])).toEqual([]);
  });

  it('does not start without the key, or with another one, and says so in one line', async () => {
    await start(OLD);
    await registerNew();
    await registerNew();
    for (const keys of [undefined, NEW]) {
      const { code, said } = await failedStart(keys);
      expect(code).toBe(1);
      expect(said.match(/manager\.cannot_start/g)).toHaveLength(1);
      expect(said).toMatch(
        /sealed with key [0-9a-f]{8} \(2 registration\(s\)\), .*SECRETS_KEY.*put that key into SECRETS_KEY.*If it is lost/,
      );
      expect(said).not.toMatch(/secrets\.cannot_open|"level":50/);
    }
  });

  it('is rotated by the new key beside the old one, reseal, and the new one alone', async () => {
    await start(OLD);
    const first = await registerNew();
    await start(`${OLD},${NEW}`);
    await expectServed(first);
    const second = await registerNew();
    await start(`${NEW},${OLD}`);
    await expectServed(second);
    const third = await registerNew();
    expect((await failedStart(NEW)).said).toMatch(/\(2 registration\(s\)\), which SECRETS_KEY does not have/);

    const { code, stdout } = await reseal(`${NEW},${OLD}`);
    expect([code, stdout]).toEqual([0, expect.stringMatching(looked(2, 0))]);
    expect(await reseal(NEW)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(looked(0, 0)),
    });
    await start(NEW);
    for (const account of [first, second, third]) await expectServed(account);
  });

  it('seals plain records of an earlier run at the next registration, and all by reseal', async () => {
    await start();
    const [first, second] = [await registerNew(), await registerNew()];
    await stop();
    const ownSecrets = [...first.secrets.slice(1), ...second.secrets.slice(1)];
    expect(await findStored(place, [CORP_SECRET, ...ownSecrets])).toEqual([CORP_SECRET, ...ownSecrets]);

    const running = await start(NEW);
    await expectServed(first);
    await register(running.url, first.app, first.openKfId, puppet.url);
    await stop();
    expect(await findStored(place, second.secrets)).toEqual(second.secrets);

    expect(await reseal(NEW)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(looked(1, 0)),
    });
    expect(await findStored(place, [CORP_SECRET, ...ownSecrets])).toEqual([]);
    await start(NEW);
    for (const account of [first, second]) await expectServed(account);
  });

  it('starts without a key after reseal --plain', async () => {
    await start(NEW);
    const account = await registerNew();
    await stop();
    expect((await reseal(NEW, '--plain')).stdout).toMatch(looked(1, 0));
    expect((await reseal(undefined, '--plain')).stdout).toMatch(looked(0, 0));
    expect(await findStored(place, account.secrets)).toEqual(account.secrets);
    await start();
    await expectServed(account);
  });

  it('names what reseal cannot open, leaves it as it is, and gives exit code 1', async () => {
    await start(OLD);
    const { openKfId } = await registerNew();
    await stop();
    for (const options of [[], ['--plain']]) {
      const { code, stdout, stderr } = await reseal(NEW, ...options);
      expect([code, stdout]).toEqual([1, expect.stringMatching(looked(0, 1))]);
      const named = stderr.split('\n').filter((line) => line.includes(openKfId));
      expect(named).toEqual([expect.stringMatching(/: sealed with key [0-9a-f]{8}, cannot be opened$/)]);
    }
    await start(OLD);
  });

  it('takes secrets from files, as containers mount them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wxkf-secrets-'));
    const fileOf = (name: string, content: string): string => {
      writeFileSync(join(folder, name), `${content}\n`);
      return join(folder, name);
    };
    const SECRET = 'marked-secret_of-the-puppets';
    const { MONGO_URI, ...others } = place.env;
    const files = {
      ...others,
      HOST: '127.0.0.1',
      SECRETS_KEY_FILE: fileOf('key', NEW),
      AUTH_PUPPET_TOKEN_FILE: fileOf('puppet', SECRET),
      ...(MONGO_URI !== undefined && { MONGO_URI_FILE: fileOf('mongo', MONGO_URI) }),
    };
    manager = await startManager(files);
    const body = registrationOf(newApp(), newOpenKfId(), puppet.url);
    const url = `${manager.url}/puppetWxkfManager/register`;
    expect((await postJson(url, body)).status).toBe(401);
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${SECRET}` };
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    expect(answer.status).toBe(200);
    expect(manager.output()).not.toContain(SECRET);
    await stop();
    expect(await findStored(place, [CORP_SECRET])).toEqual([]);
    expect((await runCli(files, 'reseal')).stdout).toMatch(looked(0, 0));
    rmSync(folder, { recursive: true });
  });
});

describe('a DATA_DIR', () => {
  beforeEach(() => {
    place = embeddedPlace();
  });

  it('that a manager uses is not resealed', async () => {
    await start(NEW);
    const { code, stdout, stderr } = await reseal(NEW);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^DATA_DIR \S+ is in use by another process.*\n$/);
  });

  it('that is made is for its owner alone', async () => {
    const dataDir = join(place.env.DATA_DIR ?? '', 'made');
    const made = await startManager({ DATA_DIR: dataDir });
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    await made.stop();
  });
});

mongoSuite('a database of 1.0.3', () => {
  const [app, openKfId] = [newApp(), newOpenKfId()];
  const DOCUMENT = {
    botEndpoint: '',
    name: '客服',
    kfOpenId: openKfId,
    corpId: app.corpId,
    corpSecret: CORP_SECRET,
    token: app.token,
    encodingAESKey: app.encodingAESKey,
    online: true,
    lastOnlineDate: new Date('2026-01-02T03:04:05Z'),
  };
  let client: mongoose.mongo.MongoClient;
  let documents: mongoose.mongo.Collection;

  beforeEach(async () => {
    place = mongoPlace();
    client = await mongoose.mongo.MongoClient.connect(place.env.MONGO_URI ?? '');
    documents = client.db().collection('wxkfpuppets');
    await documents.insertOne({ ...DOCUMENT, botEndpoint: puppet.url, __v: 0 });
  });

  afterEach(() => client.close());

  it('is served, is sealed while managers run, and is as it was after reseal --plain', async () => {
    const account = { app, openKfId, secrets: [CORP_SECRET, app.token, app.encodingAESKey] };
    await start(NEW);
    await expectServed(account);
    expect(await findStored(place, account.secrets)).toEqual(account.secrets);
    expect((await reseal(NEW)).stdout).toMatch(looked(1, 0));
    expect(await findStored(place, account.secrets)).toEqual([]);
    await expectServed(account);
    await start(NEW);
    await expectServed(account);
    await stop();
    expect((await reseal(NEW, '--plain')).code).toBe(0);
    const [document] = await documents.find().toArray();
    expect(document).toMatchObject({ ...DOCUMENT, botEndpoint: puppet.url });
  });
});
