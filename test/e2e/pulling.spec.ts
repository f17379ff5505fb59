/** What the manager pulls for bots that take messages, where WeCom does not make it easy. */
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Simulator, startSimulator } from '../../packages/simulator/simulator.js';
import { connectApp, saveCallback } from '../support/connected-app.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { PreloadedNumber } from '../support/preloaded-number.js';
import { PullingBot } from '../support/pulling-bot.js';
import { until } from '../support/until.js';
import { WecomGate } from '../support/wecom-gate.js';

const SECRETS_KEY = randomBytes(32).toString('base64');
const ACCOUNTS = Array.from({ length: 20 }, (_, n) => `account ${n}`);
const MB = 1_024 * 1_024;
/** Of a disk that no test makes low. */
const FREE_BYTES = 10_000 * MB;

let place: Place;
let manager: ManagerProcess;
let wecom: Simulator;
let gate: WecomGate;
let disk: PreloadedNumber;
let accountsUsed = 0;
let openKfId: string;
let bot: PullingBot;

beforeAll(async () => {
  wecom = await startSimulator({ accounts: ACCOUNTS });
  gate = await WecomGate.open(wecom.url);
  disk = new PreloadedNumber('free-bytes-preload.ts', 'FREE_BYTES_FILE', FREE_BYTES);
  place = embeddedPlace();
  manager = await start();
  await connectApp(wecom, manager);
});

afterAll(async () => {
  await manager.stop();
  await gate.close();
  await wecom.close();
  await place.discard();
  disk.discard();
});

beforeEach(async () => {
  openKfId = nextAccount();
  bot = await PullingBot.start();
});

afterEach(() => {
  Object.assign(wecom.faults, { dropCallbacks: false, apiFails: false });
  return bot.close();
});

const nextAccount = (): string => wecom.accounts[accountsUsed++]?.openKfId ?? '';

const start = () =>
  startManager({
    ...place.env,
    ...disk.env,
    SECRETS_KEY,
    MESSAGES_AHEAD_MAX: '20',
    WECOM_API_URL: gate.url,
    ACCESS_TOKEN_URL: `${wecom.url}/cgi-bin/gettoken`,
  });

// oxlint-disable-next-line typescript/no-explicit-any -- each route has its own fields.
async function request(method: string, path: string, body?: object): Promise<any> {
  const response = await fetch(manager.url + path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const answer = await response.json();
  if (response.status !== 200) throw new Error(JSON.stringify(answer));
  return answer;
}

const add = () => bot.addTo(manager.url, wecom, openKfId);

const say = (text: string) => wecom.say(text, { openKfId });

/** Without telling of it: callbacks may be lost, and are, when nobody listens for long. */
function sayUntold(text: string): void {
  wecom.faults.dropCallbacks = true;
  say(text);
  wecom.faults.dropCallbacks = false;
}

describe('what customers write', () => {
  it('while the manager is down reaches the bot when it starts, without a further event', async () => {
    await add();
    say('1');
    await until(() => bot.texts.length === 1);
    await manager.stop();
    sayUntold('2');
    sayUntold('3');
    manager = await start();
    await saveCallback(wecom, manager);
    bot.base = bot.base.replace(/^http:\/\/[^/]+/, manager.url);
    await until(() => bot.texts.length >= 3);
    expect(bot.texts).toEqual(['1', '2', '3']);
  });

  it('while nobody takes messages reaches the bot that takes them next, without a further event', async () => {
    const { id } = await add();
    say('1');
    await until(() => bot.texts.length === 1);
    for (const text of ['2', '3']) {
      await request('PATCH', `/api/v1/bots/${id}`, { openKfIds: ['wkNobody'] });
      sayUntold(text);
      await request('PATCH', `/api/v1/bots/${id}`, { openKfIds: [openKfId] });
      await until(() => bot.texts.includes(text));
    }
    expect(bot.texts).toEqual(['1', '2', '3']);
  });

  it('is pulled in smaller pages where a page is too long to be read, and all of it is given', async () => {
    await add();
    // More than the 16 MB of an answer that is read.
    const long = 'x'.repeat(2_000_000);
    const texts = Array.from({ length: 9 }, (_, n) => `${n} ${long}`);
    for (const text of texts) sayUntold(text);
    say('the last');
    await until(() => bot.texts.includes('the last'));
    expect(bot.texts.map((text) => text.slice(0, 3))).toEqual(
      [...texts, 'the last'].map((text) => text.slice(0, 3)),
    );
  });

  it('stops at a single message that cannot be read, and lastFailure of its bot says so', async () => {
    const { id } = await add();
    say('before');
    await until(() => bot.texts.length === 1);
    // An answer with it has more than the 16 MiB that are read.
    say('x'.repeat(17 * MB));
    say('behind');
    const failure = async () => (await request('GET', `/api/v1/bots/${id}`)).lastFailure?.reason;
    await until(async () => (await failure())?.includes('a single message, which cannot be left out'));
    expect(bot.texts).toEqual(['before']);
    // Else it would be pulled again and again, beside the tests below.
    await request('DELETE', `/api/v1/bots/${id}`);
  });

  it('stays at WeCom while the disk of DATA_DIR has less than 256 MB, and reaches the bot when it has more', async () => {
    await add();
    say('1');
    await until(() => bot.texts.length === 1);
    disk.set(255 * MB);
    say('2');
    await manager.line(
      ({ msg, openKfId: of, taken }) => msg === 'hint.attempted' && of === openKfId && taken === false,
    );
    expect(bot.texts).toEqual(['1']);
    expect((await request('GET', `/api/v1/hints?openKfId=${openKfId}`)).items).toHaveLength(1);
    disk.set(257 * MB);
    await until(() => bot.texts.includes('2'));
    expect(bot.texts).toEqual(['1', '2']);
  });

  it('is tested while the disk is low without using up the pulls that WeCom allows', async () => {
    await add();
    disk.set(255 * MB);
    const stages: string[] = [];
    // Three tests that reach WeCom are allowed in a minute.
    for (let n = 0; n < 4; n++) {
      const { failure } = await request('POST', `/api/v1/accounts/${openKfId}/test`, {});
      stages.push(failure?.stage);
    }
    disk.set(FREE_BYTES);
    expect(stages).toEqual(['store', 'store', 'store', 'store']);
  });

  it('while WeCom gives none is told of WeCom, whatever is asked: the bot is blamed for nothing', async () => {
    const { id } = await add();
    say('1');
    await until(() => bot.texts.length === 1);
    wecom.faults.apiFails = true;
    const stages = () =>
      new Set(manager.log.filter((line) => line.openKfId === openKfId).flatMap(({ stage = [] }) => stage));
    // So many that nothing but probes goes to WeCom.
    await until(async () => {
      say('2');
      await request('GET', `/api/v1/accounts/${openKfId}`);
      return stages().has('pull_held');
    });
    expect([...stages()].sort()).toEqual(['pull', 'pull_held']);
    const account = await request('GET', `/api/v1/accounts/${openKfId}`);
    expect(account).toMatchObject({ circuit: 'closed', state: 'failing', lastFailure: { stage: 'pull' } });
    expect(account.causes[0]).toMatchObject({ code: 'wecom_fails' });
    expect(await request('GET', `/api/v1/bots/${id}`)).toMatchObject({ circuit: 'closed' });
    const { causes } = (await request('GET', '/api/v1/status')).verdict;
    expect(causes.map(({ code }: { code: string }) => code)).toEqual(['wecom_fails']);
    wecom.faults.apiFails = false;
    await until(() => bot.texts.length > 1);
  });
});

describe('a corp', () => {
  afterEach(() => {
    gate.holds = () => false;
    gate.letGo();
  });

  it('has at most four pulls at a time, and its bots take turns', async () => {
    const others = Array.from({ length: 6 }, nextAccount);
    const another = await PullingBot.start();
    await another.addTo(manager.url, wecom, others[0] ?? '', { openKfIds: others });
    await add();
    gate.holds = (api) => api === 'kf/sync_msg';
    const before = wecom.calls.records.at(-1)?.id ?? 0;
    for (const account of [...others, openKfId]) wecom.say('Hello', { openKfId: account });
    // Then each of them has reached the manager.
    await until(() => wecom.callbacks.records.slice(-7).every(({ state }) => state === 'taken'));
    await until(() => gate.held === 4);
    const pulls = () => wecom.calls.records.filter(({ id, api }) => id > before && api === 'kf/sync_msg');
    /** In the order in which they had their turns. */
    const pulled = () => [
      ...new Set(pulls().map(({ request: asked }) => JSON.parse(asked).open_kfid as string)),
    ];
    while (pulled().length < 7) {
      gate.letGo(1);
      await until(() => gate.held > 0 || pulled().length === 7);
    }
    expect(gate.heldMax).toBe(4);
    // The fifth of the other bot waited before it, and so did the sixth, which has to wait on.
    expect(pulled().indexOf(openKfId)).toBe(5);
    gate.holds = () => false;
    gate.letGo();
    await until(() => bot.texts.length === 1 && another.texts.length === 6);
    await another.close();
  });
});
