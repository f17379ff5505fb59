/** The built process while its MongoDB is away; each test has a database, and a line to it, of its own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { type ManagerProcess, spawnManager, startManager } from '../support/manager-process.js';
import { scrape } from '../support/metrics.js';
import { mongoSuite } from '../support/mongo/database.js';
import { DatabaseLine } from '../support/mongo/outage.js';
import {
  type PuppetServer,
  postJson,
  register,
  registrationOf,
  startPuppetServer,
} from '../support/puppet-server.js';
import { newApp, newOpenKfId, sealVerification, sendMessage, type WecomApp } from '../support/wecom.js';
import { startWecomServer } from '../support/wecom-server.js';

/** WeCom closes the connection then, and sends again. */
const WECOM_WAITS_MS = 5_000;

mongoSuite('while MongoDB is away', () => {
  const app = newApp();
  const openKfId = newOpenKfId();
  let database: DatabaseLine;
  let puppet: PuppetServer;

  beforeEach(async () => {
    database = await DatabaseLine.open();
    puppet = await startPuppetServer();
  });

  afterEach(async () => {
    await puppet.close();
    await database.close();
  });

  const env = () => ({ MONGO_URI: database.uri });
  const send = (manager: ManagerProcess) => sendMessage(manager.url, app, openKfId);

  /** What only the database knows is left out, and not said to be 0. */
  async function expectScrapeWithoutHints({ url }: ManagerProcess): Promise<void> {
    const samples = await scrape(url);
    const left = ['wxkf_hints', 'wxkf_oldest_waiting_hint_age_seconds'];
    expect(left.flatMap((name) => samples.find(name))).toEqual([]);
    expect(samples.value('wxkf_ready')).toBe(1);
    const failed = { store: 'mongodb', result: 'failed' };
    expect(samples.sum('wxkf_store_operation_duration_seconds_count', failed)).toBeGreaterThan(0);
  }

  it('a start waits for it: live, not ready, said once; and becomes ready by itself', async () => {
    await database.cut();
    const manager = spawnManager(env());
    const { url } = await manager.line(({ msg }) => msg === 'manager.listening');
    await manager.line(({ msg }) => msg === 'registry.load_waiting');
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    expect((await fetch(`${url}/health/ready`)).status).toBe(503);
    const callback = await sendMessage(String(url), app, openKfId);
    expect(callback.status).toBe(503);
    expect(await callback.json()).toMatchObject({ error: 'REGISTRY_NOT_LOADED' });
    // Said again after 15 s.
    expect(manager.log.filter(({ msg }) => msg === 'registry.load_waiting')).toHaveLength(1);
    await database.restore();
    await manager.line(({ msg }) => msg === 'registry.loaded');
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    expect(await manager.stop()).toBe(0);
  });

  it.each(['that is down', 'that hangs'])(
    'tokens are had with a database %s, new and known, and calls are made',
    async (how) => {
      const wecom = await startWecomServer();
      wecom.addSecret(app.corpId, 'known');
      wecom.addSecret(app.corpId, 'new');
      const urls = { ACCESS_TOKEN_URL: wecom.tokenUrl, WECOM_API_URL: wecom.url };
      const manager = await startManager({ ...env(), ...urls });
      const tokenOf = async (corpsecret: string) => {
        const query = new URLSearchParams({ corpid: app.corpId, corpsecret });
        const response = await fetch(`${manager.url}/puppetWxkfManager/getToken?${query}`);
        return ((await response.json()) as { access_token?: string }).access_token;
      };
      expect(await tokenOf('known')).toBe(wecom.tokenOf(app.corpId, 'known'));
      if (how === 'that hangs') database.hold();
      else await database.cut();
      const [known, fresh] = [await tokenOf('known'), await tokenOf('new')];
      expect([known, fresh]).toEqual([wecom.tokenOf(app.corpId, 'known'), wecom.tokenOf(app.corpId, 'new')]);
      const call = `wxkfRequestProxy/kf/account/list?access_token=${fresh}`;
      const response = await fetch(`${manager.url}/puppetWxkfManager/${call}`);
      expect(await response.json()).toMatchObject({ errcode: 0 });
      await expectScrapeWithoutHints(manager);
      await manager.stop('SIGKILL');
      await wecom.close();
    },
  );

  it('a start without it knows the apps of WECOM_APPS_FILE, and answers 503 to all that it cannot know yet', async () => {
    await database.cut();
    const folder = mkdtempSync(join(tmpdir(), 'wxkf-outage-'));
    const file = join(folder, 'apps.json');
    writeFileSync(file, JSON.stringify([app]));
    const manager = spawnManager({ ...env(), WECOM_APPS_FILE: file });
    const { url } = await manager.line(({ msg }) => msg === 'manager.listening');
    const verify = (from: WecomApp) =>
      fetch(`${url}/callback/${app.corpId}?${new URLSearchParams(sealVerification(from, 'opened'))}`);
    expect(await (await verify(app)).text()).toBe('opened');

    const refusalOf = async (response: Promise<Response>) => {
      const { code, error } = (await (await response).json()) as { code: number; error: string };
      return `${code} ${error}`;
    };
    const registry = `${url}/puppetWxkfManager`;
    const refusals = [
      verify({ ...newApp(), corpId: app.corpId }),
      sendMessage(String(url), app, openKfId),
      sendMessage(String(url), newApp(), openKfId),
      postJson(`${url}/callback/decrypted/${app.corpId}`, { token: 't', openKfId }),
      fetch(`${registry}/puppetWxkfInfo/${openKfId}`),
      postJson(`${registry}/register`, registrationOf(app, openKfId, puppet.url)),
      postJson(`${registry}/deregister`, { kfId: openKfId, corpId: app.corpId }),
    ];
    expect(await Promise.all(refusals.map(refusalOf))).toEqual([
      ...Array(5).fill('503 REGISTRY_NOT_LOADED'),
      ...Array(2).fill('503 STORE_UNAVAILABLE'),
    ]);
    const health = (await (await fetch(`${url}/health`)).json()) as { details: { callbacks: object } };
    expect(health.details.callbacks).toMatchObject({ verified: 1, failed: 4, refused: 0, not_taken: 0 });
    expect(await manager.stop()).toBe(0);
    rmSync(folder, { recursive: true });
  });

  it('callbacks to healthy puppets go on, ready stays, a registration is refused with 503, and all heals', async () => {
    const manager = await startManager(env());
    await register(manager.url, app, openKfId, puppet.url);
    await database.cut();
    expect((await send(manager)).status).toBe(200);
    const refused = await postJson(
      `${manager.url}/puppetWxkfManager/register`,
      registrationOf(app, newOpenKfId(), puppet.url),
    );
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ error: 'STORE_UNAVAILABLE' });
    expect((await send(manager)).status).toBe(200);
    expect((await fetch(`${manager.url}/health/ready`)).status).toBe(200);
    const health = await fetch(`${manager.url}/health`);
    expect(health.status).toBe(503);
    expect(await health.json()).toMatchObject({ status: 'error', error: { storage: { status: 'down' } } });
    await manager.line(({ msg }) => msg === 'registry.refresh_failed');
    await database.restore();
    await manager.line(({ msg }) => msg === 'registry.store_recovered');
    await register(manager.url, app, newOpenKfId(), puppet.url);
    expect(await manager.stop()).toBe(0);
  });

  it('a database that hangs holds up no callback, and an unknown corp gets 503 rather than 404', async () => {
    const manager = await startManager(env());
    await register(manager.url, app, openKfId, puppet.url);
    database.hold();
    expect((await send(manager)).status).toBe(200);
    const stranger = newApp();
    const unknown = await sendMessage(manager.url, stranger, 'wk1');
    expect(unknown.status).toBe(503);
    const line = await manager.line(({ corpId }) => corpId === stranger.corpId);
    expect(Number(line.durationMs)).toBeLessThan(2_800);
    await database.restore();
    expect(await manager.stop()).toBe(0);
  });

  it.each([
    ['is gone', () => database.cut()],
    ['hangs', async () => database.hold()],
  ])(
    'what can be neither delivered nor kept, since it %s, gets 503 before WeCom gives up and is tried on',
    async (_how, takeAway) => {
      const manager = await startManager(env());
      await register(manager.url, app, openKfId, puppet.url);
      puppet.behave((_request, response) => response.writeHead(500).end());
      await takeAway();
      const response = await send(manager);
      expect(response.status).toBe(503);
      expect(await response.json()).toMatchObject({ error: 'DISPATCH_NOT_TAKEN' });
      const line = await manager.line(({ outcome }) => outcome === 'not_taken');
      expect(line).toMatchObject({ stage: 'status', keeping: 'STORE_UNAVAILABLE' });
      // 2.8 s of them are the manager's; how exactly is seen with a clock that is moved by hand.
      expect(Number(line.durationMs)).toBeLessThan(WECOM_WAITS_MS);
      const health = (await (await fetch(`${manager.url}/health`)).json()) as { error: object };
      expect(health.error).toMatchObject({ outbox: { status: 'down' } });

      const arrived = puppet.next();
      puppet.behave((_request, answer) => void answer.end('success'));
      await arrived;
      expect(await manager.stop('SIGKILL')).toBe('SIGKILL');
    },
  );

  it('what was kept before it went is delivered when it is back', async () => {
    const manager = await startManager(env());
    await register(manager.url, app, openKfId, puppet.url);
    puppet.behave((_request, response) => response.writeHead(500).end());
    // As WeCom does, where its database is slow at first.
    while ((await send(manager)).status !== 200);
    await database.cut();
    await manager.line(({ msg }) => msg === 'outbox.claim_failed');
    puppet.behave((_request, response) => void response.end('success'));
    const arrived = puppet.next();
    await database.restore();
    await arrived;
    expect(await manager.stop()).toBe(0);
  });
});
