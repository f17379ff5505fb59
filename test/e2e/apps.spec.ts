/** Apps that an operator adds while the built manager runs, on both stores: embedded and MongoDB. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { StatusAnswer } from '../../src/api/status/status.dto.js';
import type { AppAnswer, AppCreatedAnswer, AppPageAnswer } from '../../src/api/apps/apps.dto.js';
import { runCliWith } from '../support/cli-process.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { newSecretsKey, type Place } from '../support/place.js';
import { type PuppetServer, postJson, register, startPuppetServer } from '../support/puppet-server.js';
import { findIn } from '../support/secret-forms.js';
import { findStored } from '../support/stored-bytes.js';
import { onEachStoreNightly } from '../support/each-store.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId, sendMessage, sendVerification, type WecomApp } from '../support/wecom.js';

const ECHO = '1616140317555161061';
const KEY = newSecretsKey();

let place: Place;
let puppet: PuppetServer;
let running: ManagerProcess[];

beforeEach(async () => {
  running = [];
  puppet = await startPuppetServer();
});

afterEach(async () => {
  await Promise.all(running.map((manager) => manager.stop()));
  await puppet.close();
});

async function start(more: Readonly<Record<string, string>> = {}): Promise<ManagerProcess> {
  const manager = await startManager({ ...place.env, ...more });
  running.push(manager);
  return manager;
}

async function stop(manager: ManagerProcess): Promise<void> {
  running.splice(running.indexOf(manager), 1);
  expect(await manager.stop()).toBe(0);
}

interface Failure {
  readonly code: number;
  readonly error: string;
  readonly message: string;
}

const appsOf = ({ url }: ManagerProcess) => `${url}/api/v1/apps`;

async function add(manager: ManagerProcess, body: object): Promise<AppCreatedAnswer> {
  const response = await postJson(appsOf(manager), body);
  expect(response.status).toBe(200);
  return response.json() as Promise<AppCreatedAnswer>;
}

async function refusal(answered: Promise<Response>): Promise<Failure> {
  return (await (await answered).json()) as Failure;
}

async function list(manager: ManagerProcess): Promise<readonly AppAnswer[]> {
  const { items } = (await (await fetch(appsOf(manager))).json()) as AppPageAnswer;
  return items;
}

const remove = (manager: ManagerProcess, id: string): Promise<Response> =>
  fetch(`${appsOf(manager)}/${id}`, { method: 'DELETE' });

/** What WeCom's verification of the callback URL is answered. */
const verified = async (manager: ManagerProcess, app: WecomApp): Promise<string> =>
  (await sendVerification(manager.url, app, ECHO)).text();

const ofApi = async (manager: ManagerProcess) =>
  (await list(manager)).filter(({ source }) => source === 'api');

/** The tests are one life of one store and follow each other. */
onEachStoreNightly((newPlace) => {
  const imported = newApp();
  const fields = { name: 'exported', receiveIds: ['suite'], createdAt: '2026-01-02T03:04:05.678Z' };
  const corpId = newApp().corpId;
  let folder: string;
  let added: AppCreatedAnswer;
  let verifiedAt: string | null;
  let said: string;

  const secretsOf = ({ token, encodingAESKey }: Pick<WecomApp, 'token' | 'encodingAESKey'>) => [
    token,
    encodingAESKey,
  ];

  beforeAll(() => {
    place = newPlace();
    folder = mkdtempSync(join(tmpdir(), 'wxkf-apps-'));
  });

  afterAll(async () => {
    await place.discard();
    rmSync(folder, { recursive: true });
  });

  it('comes with the registry from a file; one without secrets gets some, which open and are sealed', async () => {
    const file = [
      { format: 'wxkf-manager-registry', version: 1, secrets: 'plain', keyIds: [] },
      { app: { id: '', ...imported, ...fields, verifiedAt: null } },
      { end: true, registrations: 0, apps: 1 },
    ];
    const text = file.map((line) => `${JSON.stringify(line)}\n`).join('');
    const env = { ...place.env, SECRETS_KEY: KEY };
    expect((await runCliWith(text, env, 'import')).stdout).toMatch(/^1 added/);

    const manager = await start({ SECRETS_KEY: KEY });
    expect(await list(manager)).toMatchObject([{ corpId: imported.corpId, ...fields, source: 'api' }]);
    expect(await verified(manager, imported)).toBe(ECHO);
    expect((await sendVerification(manager.url, newApp(corpId), ECHO)).status).toBe(404);
    added = await add(manager, { corpId, name: '客服' });
    const { token, encodingAESKey, causes: _, ...shown } = added;
    expect(shown).toEqual({
      id: expect.any(String),
      corpId,
      name: '客服',
      source: 'api',
      receiveIds: [],
      callbackPath: `/callback/${corpId}`,
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
      verifiedAt: null,
      accounts: 0,
      bots: 0,
      lastDeliveryAt: null,
    });
    const listed = async () => (await list(manager)).find(({ id }) => id === added.id);
    expect(await listed()).toMatchObject(shown);
    expect(await verified(manager, { corpId, token, encodingAESKey })).toBe(ECHO);
    verifiedAt = (await listed())?.verifiedAt ?? null;
    expect(verifiedAt).toMatch(/^\d{4}-.*Z$/);
    await stop(manager);
    said = manager.output();
    expect(await findStored(place, [...secretsOf(added), ...secretsOf(imported)])).toEqual([]);
  });

  it('opens after a restart, beside those of WECOM_APPS_FILE, until it is deleted', async () => {
    const [ofFile, file] = [newApp(), join(folder, 'apps.json')];
    writeFileSync(file, JSON.stringify([{ ...ofFile, name: 'listed' }]));
    const manager = await start({ SECRETS_KEY: KEY, WECOM_APPS_FILE: file });
    const { token, encodingAESKey, causes: _, ...shown } = added;
    const app = { corpId, token, encodingAESKey };
    const known = await ofApi(manager);
    expect(known.find(({ id }) => id === added.id)).toMatchObject({ ...shown, verifiedAt });
    expect(await verified(manager, app)).toBe(ECHO);
    for (const { id } of known)
      expect(await (await remove(manager, id)).json()).toEqual({ code: 0, message: 'success' });
    expect([await ofApi(manager), (await sendVerification(manager.url, app, ECHO)).status]).toEqual([
      [],
      404,
    ]);

    await expectOfFile(manager, ofFile);
    await expectVouching(manager);
    await stop(manager);
    said += manager.output();
    expect(said).toMatch(/"app\.added".*"app\.removed"/s);
    const secrets = [...secretsOf(added), ...secretsOf(imported)];
    expect(findIn(said, secrets)).toEqual([]);
    expect(await findStored(place, secrets)).toEqual([]);
  });

  /** What the verdict says of a corp whose callbacks do not open, its app says, too. */
  async function expectCause(manager: ManagerProcess, app: WecomApp, openKfId: string): Promise<void> {
    const { corpId, token } = app;
    const { encodingAESKey } = newApp();
    expect((await sendMessage(manager.url, { corpId, token, encodingAESKey }, openKfId)).status).toBe(400);
    const causes = async () => (await list(manager)).find((one) => one.corpId === corpId)?.causes ?? [];
    await until(async () => (await causes()).length > 0);
    const { verdict } = (await (await fetch(`${manager.url}/api/v1/status`)).json()) as StatusAnswer;
    expect(await causes()).toMatchObject([{ code: 'refused', severity: 'bad', corpId }]);
    expect(verdict.causes).toEqual(expect.arrayContaining([...(await causes())]));
  }

  /** One vouches for its pair, and is refused twice or with wrong fields. */
  async function expectVouching(manager: ManagerProcess): Promise<void> {
    const [app, openKfId] = [newApp(), newOpenKfId()];
    const { id } = await add(manager, app);
    await expectRefusals(manager, app);

    const ofApp = async () => (await list(manager)).find((one) => one.id === id);
    expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
    expect(await ofApp()).toMatchObject({ accounts: 0, lastDeliveryAt: null });
    const delivered = puppet.next();
    await register(manager.url, app, openKfId, puppet.url);
    await delivered;
    const again = puppet.next();
    expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
    await again;
    expect(await ofApp()).toMatchObject({ accounts: 1, lastDeliveryAt: expect.stringMatching(/Z$/) });
    await expectCause(manager, app, openKfId);
    // Nothing of that is another app's, though its corp is the same.
    const other = await add(manager, { ...newApp(), corpId: app.corpId });
    expect(other).toMatchObject({ accounts: 0, bots: 0, lastDeliveryAt: null });
    // A bot is there for whatever keys open its events; people are no bot.
    const bots = `${manager.url}/api/v1/bots`;
    for (const kind of ['stream', 'none']) {
      const bot = { corpId: app.corpId, name: kind, kind, openKfIds: [newOpenKfId()] };
      expect((await postJson(bots, bot)).status).toBe(200);
    }
    expect(await ofApp()).toMatchObject({ accounts: 1, bots: 1 });
    await remove(manager, id);
    const after = puppet.next();
    expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
    await after;
  }

  async function expectOfFile(manager: ManagerProcess, listed: WecomApp): Promise<void> {
    expect(await verified(manager, listed)).toBe(ECHO);
    const [app] = await list(manager);
    expect(app).toMatchObject({ corpId: listed.corpId, name: 'listed', source: 'file', createdAt: null });
    expect(app?.verifiedAt).toMatch(/Z$/);
    expect(await refusal(remove(manager, app?.id ?? ''))).toMatchObject({
      code: 409,
      error: 'APP_READ_ONLY',
    });
    expect(await verified(manager, listed)).toBe(ECHO);
  }

  async function expectRefusals(manager: ManagerProcess, app: WecomApp): Promise<void> {
    const exists = await refusal(postJson(appsOf(manager), app));
    expect(exists).toMatchObject({ code: 409, error: 'APP_EXISTS' });
    const bad = {
      corpId: 'ww 1',
      name: 7,
      token: `${app.token} `,
      encodingAESKey: app.token,
      receiveIds: 'x',
    };
    const invalid = await refusal(postJson(appsOf(manager), bad));
    expect(invalid).toMatchObject({ code: 400, error: 'REQUEST_INVALID' });
    for (const field of Object.keys(bad)) expect(invalid.message).toMatch(RegExp(`\\b${field} must be `));
    expect(findIn(JSON.stringify([exists, invalid]), [app.token, app.encodingAESKey])).toEqual([]);
    const none = { corpId: null, name: null, token: null };
    expect(await refusal(postJson(appsOf(manager), none))).toMatchObject({
      message: expect.stringMatching(/: corpId must be [^;]*$/),
    });
    expect(await refusal(remove(manager, 'nobody'))).toMatchObject({ code: 404, error: 'APP_NOT_FOUND' });
    expect((await fetch(`${appsOf(manager)}?limit=1&cursor=x`)).status).toBe(400);
    const page = (await (await fetch(`${appsOf(manager)}?limit=1`)).json()) as AppPageAnswer;
    const next = await fetch(`${appsOf(manager)}?limit=1&cursor=${page.nextCursor}`);
    const last = (await next.json()) as AppPageAnswer;
    expect([page.items.length, last.items.length, last.nextCursor]).toEqual([1, 1, null]);
    expect(last.items).not.toEqual(page.items);
  }
});
