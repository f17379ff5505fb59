/** The built process while its MongoDB is away: one manager that starts without it and then loses it twice. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BOT_KEY } from '../support/bots.js';
import { type ManagerProcess, spawnManager } from '../support/manager-process.js';
import { mongoSuite } from '../support/mongo/database.js';
import { DatabaseLine } from '../support/mongo/outage.js';
import {
  type PuppetServer,
  postJson,
  register,
  registrationOf,
  startPuppetServer,
} from '../support/puppet-server.js';
import { until } from '../support/until.js';
import { newApp, newOpenKfId, sendMessage, sendVerification } from '../support/wecom.js';
import { startWecomServer, type WecomServer } from '../support/wecom-server.js';

/** WeCom closes the connection then, and sends again. */
const WECOM_WAITS_MS = 5_000;

mongoSuite('while MongoDB is away', () => {
  /** Known from `WECOM_APPS_FILE`. */
  const configured = newApp();
  const app = newApp();
  let folder: string;
  let database: DatabaseLine;
  let wecom: WecomServer;
  let manager: Omit<ManagerProcess, 'url'>;
  let url: string;
  /** How many lines there were when the last outage began. */
  let linesBefore = 0;

  beforeAll(async () => {
    [database, wecom] = await Promise.all([DatabaseLine.open(), startWecomServer()]);
    await database.cut();
    folder = mkdtempSync(join(tmpdir(), 'wxkf-outage-'));
    const file = join(folder, 'apps.json');
    writeFileSync(file, JSON.stringify([configured]));
    manager = spawnManager({
      MONGO_URI: database.uri,
      WECOM_APPS_FILE: file,
      ACCESS_TOKEN_URL: wecom.tokenUrl,
      WECOM_API_URL: wecom.url,
    });
    url = String((await manager.line(({ msg }) => msg === 'manager.listening')).url);
  });

  afterAll(async () => {
    expect(await manager.stop()).toBe(0);
    await Promise.all([wecom.close(), database.close()]);
    rmSync(folder, { recursive: true });
  });

  /** One since the outage began. */
  const line = (is: Parameters<ManagerProcess['line']>[0]) =>
    manager.line((candidate) => is(candidate) && manager.log.indexOf(candidate) >= linesBefore);
  const send = (to: string) => sendMessage(url, app, to);
  const statusOf = async (path: string) => (await fetch(url + path)).status;
  /** By `/health`, which of the store may tell what was so 5 s before. */
  async function partsDown(): Promise<string[]> {
    const response = await fetch(`${url}/health`);
    const { error = {} } = (await response.json()) as { error?: object };
    const down = Object.keys(error);
    expect(response.status).toBe(down.length > 0 ? 503 : 200);
    return down;
  }
  const registry = (route: string) => `${url}/puppetWxkfManager/${route}`;

  const tokenOf = async (corpsecret: string) => {
    const query = new URLSearchParams({ corpid: app.corpId, corpsecret });
    const response = await fetch(registry(`getToken?${query}`));
    return ((await response.json()) as { access_token?: string }).access_token;
  };

  it('a start waits for it: live, not ready, said once; it knows the apps of WECOM_APPS_FILE and answers 503 to the rest', async () => {
    expect([await statusOf('/health/live'), await statusOf('/health/ready')]).toEqual([200, 503]);
    const opened = await sendVerification(url, configured, 'opened');
    expect(await opened.text()).toBe('opened');
    const refusalOf = async (response: Promise<Response>) => {
      const { code, error } = (await (await response).json()) as { code: number; error: string };
      return `${code} ${error}`;
    };
    const openKfId = newOpenKfId();
    // As of a bot that another replica added, which this one cannot know.
    const withKey = { authorization: `Bearer ${BOT_KEY}`, 'content-type': 'application/json' };
    const registration = { ...registrationOf(configured, openKfId, 'http://127.0.0.1:1'), takes: 'message' };
    const refusals = [
      sendVerification(url, { ...newApp(), corpId: configured.corpId }, 'opened'),
      sendMessage(url, configured, openKfId),
      sendMessage(url, newApp(), openKfId),
      postJson(`${url}/callback/decrypted/${configured.corpId}`, { token: 't', openKfId }),
      fetch(registry('register'), { method: 'POST', headers: withKey, body: JSON.stringify(registration) }),
      fetch(registry('stream'), { headers: withKey }),
      fetch(registry(`puppetWxkfInfo/${openKfId}`)),
      postJson(registry('register'), registrationOf(configured, openKfId, 'http://127.0.0.1:1')),
      postJson(registry('deregister'), { kfId: openKfId, corpId: configured.corpId }),
    ];
    expect(await Promise.all(refusals.map(refusalOf))).toEqual([
      ...Array(6).fill('503 REGISTRY_NOT_LOADED'),
      // Whether there are named operators is not known, and so not whether operators' routes are open.
      ...Array(3).fill('503 STORE_UNAVAILABLE'),
    ]);
    expect(await (await fetch(`${url}/bot/${BOT_KEY}/cgi-bin/gettoken`)).json()).toMatchObject({
      errcode: 503,
    });
    const health = (await (await fetch(`${url}/health`)).json()) as { details: { callbacks: object } };
    expect(health.details.callbacks).toMatchObject({ verified: 1, failed: 4, refused: 0, not_taken: 0 });
    await manager.line(({ msg }) => msg === 'registry.load_waiting');
    // Said again after 15 s.
    expect(manager.log.filter(({ msg }) => msg === 'registry.load_waiting')).toHaveLength(1);
  });

  it('becomes ready by itself', async () => {
    await database.restore();
    await manager.line(({ msg }) => msg === 'registry.loaded');
    expect(await statusOf('/health/ready')).toBe(200);
  });

  describe.each([
    ['is gone', () => database.cut()],
    ['hangs', async () => database.hold()],
  ])('since it %s', (_how, takeAway) => {
    const [served, kept, refused] = [newOpenKfId(), newOpenKfId(), newOpenKfId()];
    const [known, fresh] = [`known-${served}`, `new-${served}`];
    let healthy: PuppetServer;
    let away: PuppetServer;
    let refusing: PuppetServer;

    beforeAll(async () => {
      [healthy, away, refusing] = (await Promise.all([1, 2, 3].map(() => startPuppetServer()))) as [
        PuppetServer,
        PuppetServer,
        PuppetServer,
      ];
      for (const secret of [known, 'corp-secret-of-the-tests', fresh]) wecom.addSecret(app.corpId, secret);
      await register(url, app, served, healthy.url);
      await register(url, app, kept, away.url);
      await register(url, app, refused, refusing.url);
      away.behave((_request, response) => response.writeHead(500).end());
      expect(await tokenOf(known)).toBe(wecom.tokenOf(app.corpId, known));
      // As WeCom does, where its database is slow at first.
      await until(async () => (await send(kept)).status === 200);
      linesBefore = manager.log.length;
      await takeAway();
    });

    afterAll(() => Promise.all([healthy.close(), away.close(), refusing.close()]));

    it('callbacks to healthy puppets go on and ready stays, while health is down', async () => {
      expect((await send(served)).status).toBe(200);
      expect((await send(served)).status).toBe(200);
      expect(healthy.received).toHaveLength(2);
      expect(await statusOf('/health/ready')).toBe(200);
      await until(async () => (await partsDown()).includes('storage'));
    });

    it('tokens are had, new and known, and calls are made', async () => {
      const secrets = [known, fresh];
      const tokens = await Promise.all(secrets.map(tokenOf));
      expect(tokens).toEqual(secrets.map((secret) => wecom.tokenOf(app.corpId, secret)));
      const response = await fetch(registry(`wxkfRequestProxy/kf/account/list?access_token=${tokens[1]}`));
      expect(await response.json()).toMatchObject({ errcode: 0 });
    });

    it('what needs it gets 503 before WeCom gives up: registrations, unknown corps, and what no puppet takes, which is tried on', async () => {
      const stranger = newApp();
      refusing.behave((_request, response) =>
        response.writeHead(refusing.received.length === 1 ? 500 : 200).end(),
      );
      const triedOn = refusing.next().then(() => refusing.next());
      const [registration, unknown, notTaken] = await Promise.all([
        postJson(registry('register'), registrationOf(app, newOpenKfId(), healthy.url)),
        sendMessage(url, stranger, 'wk1'),
        send(refused),
      ]);
      expect(registration.status).toBe(503);
      expect(await registration.json()).toMatchObject({ error: 'STORE_UNAVAILABLE' });
      // Rather than 404.
      expect(unknown.status).toBe(503);
      const { durationMs } = await line(({ corpId }) => corpId === stranger.corpId);
      expect(Number(durationMs)).toBeLessThan(WECOM_WAITS_MS);
      expect(notTaken.status).toBe(503);
      expect(await notTaken.json()).toMatchObject({ error: 'DISPATCH_NOT_TAKEN' });
      const answered = await line(({ outcome }) => outcome === 'not_taken');
      expect(answered).toMatchObject({ stage: 'status', keeping: 'STORE_UNAVAILABLE' });
      // 2.8 s of them are the manager's; how exactly is seen with a clock that is moved by hand.
      expect(Number(answered.durationMs)).toBeLessThan(WECOM_WAITS_MS);
      expect(await partsDown()).toContain('outbox');
      await triedOn;
    });

    it('all heals when it is back, and what was kept before is delivered', async () => {
      await Promise.all([
        line(({ msg }) => msg === 'outbox.claim_failed'),
        line(({ msg }) => msg === 'registry.refresh_failed'),
      ]);
      away.behave((_request, response) => void response.end('success'));
      const arrived = away.next();
      await database.restore();
      await Promise.all([arrived, line(({ msg }) => msg === 'registry.store_recovered')]);
      await register(url, app, newOpenKfId(), healthy.url);
      await until(async () => !(await partsDown()).includes('storage'));
    });
  });
});
