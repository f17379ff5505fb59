/** Where messages end that `docs/messages.md` describes: refusals, settings, texts as one, a cursor that WeCom refuses. */
import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { BotCreatedAnswer } from '../../src/api/bots/bots.dto.js';
import type { MessagePageAnswer } from '../../src/api/waiting/messages.dto.js';
import type { Simulator } from '../../packages/simulator/simulator.js';
import { runCli, runCliWith } from '../support/cli-process.js';
import { startManager } from '../support/manager-process.js';
import { embeddedPlace, type Place, sealedPlace } from '../support/place.js';
import { postJson, type PuppetServer, type Received, startPuppetServer } from '../support/puppet-server.js';
import { SettableClock } from '../support/settable-clock.js';
import { Scene } from '../support/scene.js';
import { until } from '../support/until.js';

const TRIES = 2;

const clock = new SettableClock();
let scene: Scene;
let wecom: Simulator;
let bot: PuppetServer;
/** What the bot answers. */
let status: number;
let openKfId: string;

beforeAll(async () => {
  scene = await Scene.open({ customers: ['anna', 'ben'], clock, env: { MESSAGE_TRIES: String(TRIES) } });
  ({ wecom } = scene);
});

afterAll(() => scene.close());

beforeEach(async () => {
  openKfId = scene.newAccount();
  status = 200;
  bot = await startPuppetServer((_request, response) => {
    response.writeHead(status, { location: '/elsewhere' }).end();
  });
});

afterEach(async () => {
  scene.sends.apis.clear();
  await bot.close();
});

/** A bot that is sent messages as JSON. */
function add(fields: object = {}): Promise<BotCreatedAnswer> {
  return scene.addBot({
    ...{ openKfIds: [openKfId], kind: 'callback', takes: 'message' },
    callback: { url: `${bot.url}/own/`, form: 'json' },
    ...fields,
  });
}

const change = (id: string, fields: object) => scene.request('PATCH', `/api/v1/bots/${id}`, fields);
const messages = async (state: string) =>
  (await scene.ask<MessagePageAnswer>('GET', `/api/v1/messages?state=${state}&openKfId=${openKfId}`)).items;
const areAllTaken = () => until(async () => (await messages('waiting')).length === 0);
const customer = (n: number): string => wecom.customers[n]?.externalUserId ?? '';
const say = (text: string, n = 0) => wecom.say(text, { openKfId, externalUserId: customer(n) });
const textOf = ({ body }: Received): string =>
  (JSON.parse(body) as { readonly text?: { readonly content: string } }).text?.content ?? 'no text';
const texts = () => bot.received.map(textOf);
const isGiven = (text: string) => until(() => texts().includes(text));

describe('a message that its bot does not take', () => {
  it.each([302, 400, 500])('is dead after its tries, where the bot answers %i', async (refusal) => {
    await add();
    status = refusal;
    say('Hello');
    await until(async () => (await messages('dead')).length === 1);
    expect(bot.received.map(({ path }) => path)).toEqual(Array.from({ length: TRIES }, () => '/own/'));
  });

  it('dies of no number of tries, where the bot answers 503', async () => {
    await add();
    status = 503;
    say('Hello');
    await until(() => bot.received.length > TRIES);
    status = 200;
    await areAllTaken();
    expect(await messages('dead')).toEqual([]);
    expect(new Set(bot.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });

  it('begins without refusals when an operator sends it again, in its place in the order', async () => {
    await add();
    status = 500;
    say('first');
    await until(async () => (await messages('dead')).length === 1);
    say('second');
    await until(() => texts().includes('second'));
    const [dead] = await messages('dead');
    const path = `/api/v1/messages/${openKfId}/${dead?.webhookId}/replay`;
    await scene.ask('POST', path);
    status = 200;
    await areAllTaken();
    const last = texts().slice(-2);
    expect([last, await messages('dead')]).toEqual([['first', 'second'], []]);
  });

  it('is never given once an operator has dropped it, and the log says from where', async () => {
    await add();
    status = 500;
    say('Hello');
    await until(async () => (await messages('dead')).length === 1);
    const [dead] = await messages('dead');
    status = 200;
    expect((await scene.request('DELETE', `/api/v1/messages/${openKfId}/${dead?.webhookId}`)).status).toBe(
      200,
    );
    const line = await scene.manager.line(
      (one) => one.msg === 'message.dropped' && one.openKfId === openKfId,
    );
    expect(line).toMatchObject({ webhookId: dead?.webhookId, from: '127.0.0.1' });
    say('next');
    await isGiven('next');
    expect(texts()).toEqual(['Hello', 'Hello', 'next']);
  });
});

describe('a bot that takes messages as JSON', () => {
  it('is sent the headers of its settings', async () => {
    await add({ callback: { url: `${bot.url}/own/`, form: 'json', headers: { 'x-tenant': 'seven' } } });
    say('Hello');
    await isGiven('Hello');
    expect(bot.received[0]?.headers).toMatchObject({ 'x-tenant': 'seven' });
  });

  it('has the signing secret as before when it gets a new key', async () => {
    const { id, signingSecret } = await add();
    const made = await (await scene.request('POST', `/api/v1/bots/${id}/key`)).text();
    expect(made).not.toContain('whsec_');
    say('Hello');
    await isGiven('Hello');
    const { headers, body } = bot.received[0] as Received;
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    const secret = Buffer.from(signingSecret.slice('whsec_'.length), 'base64');
    const signature = createHmac('sha256', secret).update(signed).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${signature}`);
  });

  it('has no keys of callbacks, and needs them when it is to get callbacks', async () => {
    const { id } = await add();
    for (const field of [{ token: 'abc' }, { encodingAESKey: 'a'.repeat(43) }, { receiveId: 'ww1' }]) {
      const refused = await change(id, { callback: field });
      expect([refused.status, await refused.text()]).toEqual([
        400,
        expect.stringContaining(`callback.${Object.keys(field)[0]}`),
      ]);
    }
    const refused = await change(id, { callback: { form: 'wecom' } });
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining('token')]);
  });
});

describe('a bot that was imported without a signing secret', () => {
  let from: Place;
  let to: Place;

  beforeEach(() => {
    [from, to] = [sealedPlace(embeddedPlace()), sealedPlace(embeddedPlace())];
  });

  afterEach(() => Promise.all([from.discard(), to.discard()]));

  it('gets one when takes is changed to message, and that answer alone shows it', async () => {
    const { corpId, corpSecret } = wecom;
    const callback = { url: bot.url };
    const old = { name: 'Old bot', corpId, corpSecret, openKfIds: [openKfId], kind: 'callback', callback };
    const before = await startManager(from.env);
    const added = (await (await postJson(`${before.url}/api/v1/bots`, old)).json()) as BotCreatedAnswer;
    await before.stop();
    const { stdout } = await runCli(from.env, 'export', '--plain');
    // As versions exported it that knew no signing secrets.
    const file = stdout.replace(`,\\"signingSecret\\":\\"${added.signingSecret}\\"`, '');
    expect([stdout.includes('whsec_'), file.includes('whsec_')]).toEqual([true, false]);
    expect((await runCliWith(file, to.env, 'import', '--input', '-')).code).toBe(0);
    const after = await startManager(to.env);
    const changed = async (fields: object) => {
      const answer = await fetch(`${after.url}/api/v1/bots/${added.id}`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(fields),
      });
      return [answer.status, ((await answer.json()) as BotCreatedAnswer).signingSecret];
    };
    expect(await changed({ name: 'Old and imported' })).toEqual([200, null]);
    expect(await changed({ takes: 'message' })).toEqual([200, expect.stringMatching(/^whsec_.{40,}/)]);
    expect(await changed({ name: 'With a secret' })).toEqual([200, null]);
    await after.stop();
  });
});

describe('which messages a bot gets', () => {
  it('those sent since 10 s before the account was added to it', async () => {
    const { id } = await add({ openKfIds: ['wkNobody'], since: new Date(Date.now() - 60_000) });
    // They are told of by no event.
    wecom.faults.dropCallbacks = true;
    clock.stop(30_000);
    say('too early');
    clock.stop(5_000);
    say('just before');
    clock.goOn();
    wecom.faults.dropCallbacks = false;
    expect((await change(id, { openKfIds: [openKfId] })).status).toBe(200);
    say('in time');
    await isGiven('in time');
    expect(texts()).toEqual(['just before', 'in time']);
  });

  it('those after the cursor, though WeCom refuses the cursor: what was taken does not come again', async () => {
    await add();
    say('1');
    await isGiven('1');
    await areAllTaken();
    scene.sends.apis.set('kf/sync_msg', 40_058);
    say('2');
    await scene.manager.line((one) => one.msg === 'hint.attempted' && one.openKfId === openKfId);
    scene.sends.apis.clear();
    say('3');
    await isGiven('3');
    expect(texts()).toEqual(['1', '2', '3']);
  });
});

describe('a puppet that takes messages and has deregistered', () => {
  it('is still tried, and counts as online again when it takes a message', async () => {
    const { key } = await add({ kind: 'puppet', callback: undefined });
    const { corpId, corpSecret } = wecom;
    const account = { kfId: openKfId, corpId };
    const registration = { ...account, kfName: 'a', endpoint: bot.url, corpSecret, takes: 'message' };
    await scene.ask('POST', '/puppetWxkfManager/register', registration, key);
    await scene.ask('POST', '/puppetWxkfManager/deregister', account, key);
    const isOnline = async () =>
      (await scene.ask<{ online: boolean }>('GET', `/puppetWxkfManager/puppetWxkfInfo/${openKfId}`)).online;
    expect(await isOnline()).toBe(false);
    say('Hello');
    await isGiven('Hello');
    await until(isOnline);
  });
});

describe('texts that a customer writes quickly', () => {
  const session = { mergeS: 10 };

  it('are sent before another message of the customer, who does not wait for the rest of the time', async () => {
    await add({ session });
    const startedMs = performance.now();
    say('1');
    say('2');
    wecom.corp.write(openKfId, customer(0), 'image', { media_id: 'm' });
    await until(() => bot.received.length === 2);
    expect(texts()).toEqual(['1\n2', 'no text']);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  });

  it('are sent before a choice of a menu, which stands alone', async () => {
    await add({ session });
    say('1');
    say('2');
    wecom.corp.write(openKfId, customer(0), 'text', { content: 'A choice', menu_id: 'm' });
    await until(() => bot.received.length === 2);
    expect(texts()).toEqual(['1\n2', 'A choice']);
  });

  it('hold up no other customer, and at most twenty are one message', async () => {
    await add({ session });
    for (let n = 1; n <= 25; n++) say(`${n}`);
    wecom.corp.write(openKfId, customer(1), 'image', { media_id: 'm' });
    await until(() => bot.received.length >= 1);
    expect(texts()[0]).toBe('no text');
    wecom.corp.write(openKfId, customer(0), 'image', { media_id: 'm' });
    await until(() => bot.received.length === 4);
    expect(texts().map((text) => text.split('\n').length)).toEqual([1, 20, 5, 1]);
  });

  it('stay the same message at each try, and what comes later is a message of its own', async () => {
    await add({ session: { mergeS: 1 } });
    status = 503;
    say('1');
    say('2');
    await until(() => bot.received.length >= 1);
    say('3');
    status = 200;
    await isGiven('3');
    expect([...new Set(texts())]).toEqual(['1\n2', '3']);
  });
});
