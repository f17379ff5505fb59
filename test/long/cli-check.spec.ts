/** check as the build has it: what it says of a manager's surroundings, on both stores: embedded and MongoDB. */
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decrypt } from '@wecom/crypto';
import mongoose from 'mongoose';
import type { AppPageAnswer } from '../../src/api/apps/apps.dto.js';
import { newCertificate } from '../support/certificate.js';
import { runCli } from '../support/cli-process.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { mongoSuite } from '../support/mongo/database.js';
import { embeddedPlace, newSecretsKey, type Place } from '../support/place.js';
import { postJson, registrationOf } from '../support/puppet-server.js';
import { refusedUrl } from '../support/raw-server.js';
import { findIn } from '../support/secret-forms.js';
import { mongoPlace } from '../support/each-store.js';
import { newApp, newOpenKfId, type WecomApp } from '../support/wecom.js';
import { answer, usual } from '../support/wecom-faults.js';
import { startWecomServer, type WecomServer } from '../support/wecom-server.js';

const CORP_SECRET = 'corp-secret-of-the-tests';
const DAY_MS = 86_400_000;

let folder: string;
let wecom: WecomServer;
let place: Place;
let app: WecomApp;
let manager: ManagerProcess | null;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wxkf-check-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(async () => {
  manager = null;
  app = newApp();
  wecom = await startWecomServer();
  wecom.addSecret(app.corpId, CORP_SECRET);
});

afterEach(async () => {
  await manager?.stop();
  await Promise.all([wecom.close(), place.discard()]);
});

/** With WeCom's simulation, and the app listed beforehand. */
function envOf(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const apps = join(folder, 'apps.json');
  writeFileSync(apps, JSON.stringify([app]));
  return {
    ...place.env,
    ACCESS_TOKEN_URL: wecom.tokenUrl,
    WECOM_API_URL: wecom.url,
    WECOM_APPS_FILE: apps,
    ...more,
  };
}

interface Report {
  readonly code: number | null;
  /** The statuses of each check, in order. */
  readonly of: (check: string) => string[];
  readonly message: (check: string) => string;
}

async function check(env: Readonly<Record<string, string>>, ...args: string[]): Promise<Report> {
  const { code, stdout, stderr } = await runCli(env, 'check', '--json', ...args);
  expect(stderr).toBe('');
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Record<string, string>[] };
  expect(ok).toBe(code === 0);
  const token = wecom.tokenOf(app.corpId, CORP_SECRET);
  const secrets = [CORP_SECRET, app.token, app.encodingAESKey, token, env.SECRETS_KEY ?? 'not-there'];
  expect(findIn(stdout, secrets)).toEqual([]);
  const found = (name: string) => checks.filter((one) => one.check === name);
  return {
    code,
    of: (name) => found(name).map(({ status = '' }) => status),
    message: (name) =>
      found(name)
        .map(({ message }) => message)
        .join('\n'),
  };
}

describe('an embedded store', () => {
  const PUPPET = { AUTH_PUPPET_TOKEN: 'marked-secret_of-puppets' };

  beforeEach(() => {
    place = embeddedPlace();
  });

  it('is read while a manager uses it, and stays as it is', async () => {
    const sealed = envOf({ SECRETS_KEY: newSecretsKey() });
    manager = await startManager({ ...sealed, ...PUPPET });
    await registerWith(manager, PUPPET.AUTH_PUPPET_TOKEN);
    const beside = await check(sealed, '--callback-url', manager.url);
    expect([beside.code, beside.of('store'), beside.of('secrets'), beside.of('wecom')]).toEqual([
      0,
      ['ok'],
      ['ok'],
      ['ok'],
    ]);
    expect(beside.message('callback')).toMatch(/verifies itself with the keys of /);
    await manager.stop();
    const before = filesOf(place);
    wecom.behave('kf/account/list', usual);
    const good = await check(sealed);
    expect([good.code, good.of('store'), good.of('secrets'), good.of('wecom')]).toEqual([
      0,
      ['ok'],
      ['ok'],
      ['ok'],
    ]);
    expect(good.message('store')).toMatch(/1 registration\(s\), 1 online$/);
    expect(good.message('wecom')).toBe(`gives corp ${app.corpId} an access token and lists its kf accounts`);
    expect(good.of('callback')).toEqual(['skipped']);

    const keyless = await check({ ...sealed, SECRETS_KEY: newSecretsKey() });
    expect([keyless.code, keyless.of('secrets')]).toEqual([1, ['failed']]);
    expect(keyless.message('secrets')).toMatch(
      /^SECRETS_KEY does not have key [0-9a-f]{8} \(1 registration\(s\)\)/,
    );

    wecom.behave('kf/account/list', answer(60020, 'not allow to access from your ip, from ip: 10.0.0.9'));
    const unlisted = await check(sealed);
    expect([unlisted.code, unlisted.message('wecom')]).toEqual([
      1,
      expect.stringMatching(/60020 .*企业可信IP/),
    ]);
    wecom.behave('kf/account/list', usual);
    wecom.behave('gettoken', answer(40001));
    const wrong = await check(sealed);
    expect([wrong.code, wrong.message('wecom')]).toEqual([
      1,
      expect.stringMatching(/40001 .*; this is not the secret/),
    ]);
    expect(filesOf(place)).toEqual(before);
  });

  /** What its registration leaves in the store, and WeCom has been asked. */
  async function registerWith({ url }: ManagerProcess, secret: string): Promise<void> {
    const registered = await fetch(`${url}/puppetWxkfManager/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
      body: JSON.stringify(registrationOf(app, newOpenKfId(), 'http://127.0.0.1:1')),
    });
    expect(registered.status).toBe(200);
  }

  /** The store itself; what stands beside its files is of whoever reads them. */
  function filesOf({ env: { DATA_DIR = '' } }: Place): unknown[] {
    return ['wxkf.db', 'log.db'].map((name) => [name, hash('sha256', readFileSync(join(DATA_DIR, name)))]);
  }

  /** Nothing but what a first start and `Connect a WeCom app` leave; no secret of a role, no SECRETS_KEY. */
  it('of a default installation with an app of the console is found to be in order while the manager runs', async () => {
    const { WECOM_APPS_FILE: _none, ...env } = envOf();
    manager = await startManager(env);
    const { url } = manager;
    const nobody = await check(env, '--callback-url', url);
    expect([nobody.code, nobody.message('callback')]).toEqual([
      1,
      expect.stringMatching(/^no Token .* known/),
    ]);
    const added = await postJson(`${url}/api/v1/apps`, { corpId: app.corpId });
    expect(added.status).toBe(200);
    const { code, of } = await check(env, '--callback-url', url);
    expect([code, of('wecom'), of('callback')]).toEqual([
      0,
      ['ok', 'ok'],
      [expect.stringMatching(/ok|warning/)],
    ]);
    // WeCom has not asked yet, and the console waits for it.
    const { items } = (await (await fetch(`${url}/api/v1/apps`)).json()) as AppPageAnswer;
    expect(items).toMatchObject([{ corpId: app.corpId, verifiedAt: null }]);
  });

  it('that is not there yet is not made', async () => {
    const DATA_DIR = join(place.env.DATA_DIR ?? '', 'later');
    const wecomUrl = await refusedUrl();
    const { code, of, message } = await check(
      envOf({
        DATA_DIR,
        ACCESS_TOKEN_URL: `${wecomUrl}/cgi-bin/gettoken`,
        HOST: '0.0.0.0',
        ALLOW_OPEN: 'true',
      }),
      '--callback-url',
      `${wecomUrl}/callback/${app.corpId}`,
    );
    expect([code, of('store'), of('configuration'), of('wecom')]).toEqual([
      1,
      ['ok'],
      ['warning'],
      ['failed', 'ok'],
    ]);
    expect(message('store')).toMatch(/can be used, and is empty$/);
    expect(message('wecom')).toMatch(/the connection failed \(ECONNREFUSED\)/);
    expect(message('callback')).toMatch(/cannot be reached at 127\.0\.0\.1 \(ECONNREFUSED\)/);
    expect(readdirSync(place.env.DATA_DIR ?? '')).toEqual([]);
  });

  it('is not looked at while settings are wrong, all of which are named', async () => {
    const [{ code, stdout }, usage] = await Promise.all([
      runCli({ ...place.env, PORT: 'x', SECRETS_KEY: 'marked-secret' }, 'check'),
      runCli(place.env, 'check', '--callback-url', 'nowhere'),
    ]);
    expect([code, stdout]).toEqual([
      1,
      expect.stringMatching(/^failed +configuration PORT: .+; SECRETS_KEY: key 1 .+\n$/),
    ]);
    expect(stdout).not.toContain('marked-secret');
    expect([usage.code, usage.stderr]).toEqual([
      2,
      expect.stringMatching(/^error: --callback-url must be a URL/),
    ]);
  });

  it('of a manager that would not start is told of, and the other commands work', async () => {
    const env = { ...place.env, HOST: '0.0.0.0' };
    const checked = await runCli(env, 'check');
    expect([checked.code, checked.stdout]).toEqual([
      1,
      expect.stringMatching(/^failed +configuration HOST: 0\.0\.0\.0 .*ALLOW_OPEN=true/),
    ]);
    expect((await runCli(env, 'export', '--plain')).code).toBe(0);
    expect((await runCli(env, 'reseal', '--plain')).code).toBe(0);
  });

  it('and an address with TLS: its certificate is told of before it ends', async () => {
    const certificate = newCertificate(new Date(Date.now() + 3.5 * DAY_MS));
    const trusted = join(folder, 'trusted.pem');
    writeFileSync(trusted, certificate.cert);
    const server = createServer(certificate, ({ url = '' }, response) => {
      const echostr = new URL(url, 'https://manager').searchParams.get('echostr') ?? '';
      response.end(decrypt(app.encodingAESKey, echostr).message);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { code, of, message } = await check(
      envOf({ NODE_EXTRA_CA_CERTS: trusted }),
      '--callback-url',
      address,
    );
    server.close();
    expect([code, of('callback').at(-1)]).toEqual([0, 'warning']);
    expect(message('callback')).toMatch(/certificate good for 3 day\(s\)\) verifies itself/);
    expect(message('callback')).toMatch(/its certificate ends in 3 day\(s\)/);
  });
});

mongoSuite('a database', () => {
  let client: mongoose.mongo.MongoClient;

  beforeEach(async () => {
    place = mongoPlace();
    client = await mongoose.mongo.MongoClient.connect(place.env.MONGO_URI ?? '');
  });

  afterEach(() => client.close());

  /** Every document and index of it. */
  async function allOf(): Promise<unknown> {
    const collections = (await client.db().collections()).sort((a, b) =>
      a.collectionName < b.collectionName ? -1 : 1,
    );
    return Promise.all(
      collections.map(async (one) => [one.collectionName, await one.indexes(), await one.find().toArray()]),
    );
  }

  it('of 1.0.3 with two records of one account is read and stays as it is', async () => {
    const document = {
      kfOpenId: newOpenKfId(),
      name: '客服',
      botEndpoint: 'http://127.0.0.1:1',
      corpId: app.corpId,
      corpSecret: CORP_SECRET,
      token: app.token,
      encodingAESKey: app.encodingAESKey,
      online: true,
      lastOnlineDate: new Date(),
    };
    await client
      .db()
      .collection<object>('wxkfpuppets')
      .insertMany([document, { ...document, online: false }]);
    const before = await allOf();
    const { code, of, message } = await check(envOf({ SECRETS_KEY: newSecretsKey() }));
    expect([code, of('store'), of('clock'), of('secrets')]).toEqual([
      0,
      ['ok'],
      [expect.any(String)],
      ['warning'],
    ]);
    expect(message('secrets')).toMatch(/^those of 2 registration\(s\) are stored plain; reseal seals them$/);
    expect(message('wecom')).toContain(app.corpId);
    expect(await allOf()).toEqual(before);
  });

  it('that does not answer, or is of a later version, is told in one line without its password', async () => {
    const { host } = new URL(await refusedUrl());
    await client
      .db()
      .collection<{ _id: string }>('wxkfmeta')
      .insertOne({ _id: 'schema', version: 99 } as never);
    const [dead, later] = await Promise.all([
      check(envOf({ MONGO_URI: `mongodb://user:marked-secret@${host}/wxkf` })),
      check(envOf()),
    ]);
    expect([dead.code, dead.message('store')]).toEqual([
      1,
      expect.stringMatching(/no server .*\(ECONNREFUSED\); look whether/),
    ]);
    expect([later.code, later.message('store')]).toEqual([
      1,
      expect.stringMatching(/written by a later version \(schema 99/),
    ]);
  });
});
