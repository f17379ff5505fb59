/** How many accounts may be registered, through the built process. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { scrape } from '../support/metrics.js';
import type { Place } from '../support/place.js';
import { type PuppetServer, postJson, registrationOf, startPuppetServer } from '../support/puppet-server.js';
import { onEachStoreNightly } from '../support/each-store.js';
import { newApp, newOpenKfId, sendMessage, type WecomApp } from '../support/wecom.js';

const MAX = 4;
const PER_CORP_MAX = 3;
const BOUNDS = { ACCOUNTS_MAX: `${MAX}`, ACCOUNTS_PER_CORP_MAX: `${PER_CORP_MAX}` };

let puppet: PuppetServer;

beforeAll(async () => {
  puppet = await startPuppetServer();
});

afterAll(() => puppet.close());

async function registered(manager: ManagerProcess, app: WecomApp, openKfId: string): Promise<string> {
  const body = registrationOf(app, openKfId, puppet.url);
  const response = await postJson(`${manager.url}/puppetWxkfManager/register`, body);
  const { error = 'none' } = (await response.json()) as { error?: string };
  return `${response.status} ${error}`;
}

const forget = async (manager: ManagerProcess, openKfId: string): Promise<number> =>
  (await fetch(`${manager.url}/api/v1/accounts/${openKfId}`, { method: 'DELETE' })).status;

async function fullCount(manager: ManagerProcess): Promise<number> {
  const samples = await scrape(manager.url);
  return samples.value('wxkf_registrations_total', { action: 'register', result: 'full' });
}

onEachStoreNightly((newPlace) => {
  const [app, other] = [newApp(), newApp()];
  const accounts = Array.from({ length: PER_CORP_MAX }, newOpenKfId);
  const ofOther = newOpenKfId();
  let place: Place;
  let manager: ManagerProcess;

  beforeAll(async () => {
    place = newPlace();
    manager = await startManager({ ...place.env, ...BOUNDS });
  });

  afterAll(async () => {
    await manager.stop();
    await place.discard();
  });

  it('of a corp as many are taken as may be, also where more register at a time, and others are told what to do', async () => {
    const many = [...accounts, ...Array.from({ length: 9 }, newOpenKfId)];
    const answers = await Promise.all(many.map((openKfId) => registered(manager, app, openKfId)));
    expect(answers.toSorted()).toEqual([
      ...Array(PER_CORP_MAX).fill('200 none'),
      ...Array(9).fill('409 REGISTRY_CORP_FULL'),
    ]);
    const taken = many.filter((_, at) => answers[at] === '200 none');
    accounts.splice(0, accounts.length, ...taken);
    const body = registrationOf(app, newOpenKfId(), puppet.url);
    const refused = await postJson(`${manager.url}/puppetWxkfManager/register`, body);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([409, null]);
    const { message } = (await refused.json()) as { message: string };
    expect(message).toMatch(/ACCOUNTS_PER_CORP_MAX.*DELETE \/api\/v1\/accounts/);
    expect(await fullCount(manager)).toBe(10);
    const line = await manager.line(({ msg }) => msg === 'registry.full');
    expect(line).toMatchObject({ level: 40, corpId: app.corpId, error: 'REGISTRY_CORP_FULL' });
  });

  it('another corp has places until all are taken', async () => {
    expect(await registered(manager, other, ofOther)).toBe('200 none');
    expect(await registered(manager, other, newOpenKfId())).toBe('409 REGISTRY_FULL');
    expect(await registered(manager, newApp(), newOpenKfId())).toBe('409 REGISTRY_FULL');
  });

  it('those that are registered register again, say goodbye and come back, and get their events', async () => {
    for (const openKfId of accounts) expect(await registered(manager, app, openKfId)).toBe('200 none');
    const [openKfId = ''] = accounts;
    const goodbye = { kfId: openKfId, corpId: app.corpId };
    expect((await postJson(`${manager.url}/puppetWxkfManager/deregister`, goodbye)).status).toBe(200);
    expect(await registered(manager, app, openKfId)).toBe('200 none');
    const before = puppet.received.length;
    expect((await sendMessage(manager.url, app, openKfId)).status).toBe(200);
    expect(puppet.received).toHaveLength(before + 1);
  });

  it('who forgets one has its place', async () => {
    const [openKfId = ''] = accounts;
    expect(await forget(manager, openKfId)).toBe(200);
    expect(await registered(manager, other, openKfId)).toBe('200 none');
    expect(await registered(manager, app, newOpenKfId())).toBe('409 REGISTRY_FULL');
    expect(await forget(manager, openKfId)).toBe(200);
    expect(await registered(manager, app, openKfId)).toBe('200 none');
  });

  it('what a store holds beyond is loaded and served all the same, with one line that says so', async () => {
    await manager.stop();
    manager = await startManager({ ...place.env, ACCOUNTS_MAX: '2', ACCOUNTS_PER_CORP_MAX: '1' });
    const line = await manager.line(({ msg }) => msg === 'registry.too_many');
    expect(line).toMatchObject({
      level: 40,
      accounts: MAX,
      accountsMax: 2,
      accountsPerCorpMax: 1,
      corps: 1,
      told: [{ corpId: app.corpId, accounts: PER_CORP_MAX }],
    });
    for (const openKfId of accounts) expect(await registered(manager, app, openKfId)).toBe('200 none');
    const before = puppet.received.length;
    expect((await sendMessage(manager.url, other, ofOther)).status).toBe(200);
    expect(puppet.received).toHaveLength(before + 1);
    expect(await registered(manager, app, newOpenKfId())).toBe('409 REGISTRY_FULL');
    expect(manager.log.filter(({ msg }) => msg === 'registry.too_many')).toHaveLength(1);
  });
});
