/** Sync tokens that WeCom does not accept, sent by one bot of a corp to the built process; with one manager, and with two on MongoDB. */
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { BotCreatedAnswer } from '../../src/api/bots/bots.dto.js';
import type { FailedCallPageAnswer } from '../../src/api/log/wecom-errors.dto.js';
import type { StatusAnswer } from '../../src/api/status/status.dto.js';
import { BotServer } from '../support/bot-server.js';
import { mongoPlace, onEachStoreNightly } from '../support/each-store.js';
import { call, type CallAnswer, jsonOf, postJsonBody } from '../support/http-call.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { mongoSuite } from '../support/mongo/database.js';
import { type Place, sealedPlace } from '../support/place.js';
import { postJson } from '../support/puppet-server.js';
import { TokenJudge } from '../support/token-judge.js';
import { until, whenServed } from '../support/until.js';
import {
  kfMessageXml,
  newApp,
  newOpenKfId,
  postCallback,
  sealCallback,
  type WecomApp,
} from '../support/wecom.js';
import { startWecomServer, type WecomServer } from '../support/wecom-server.js';

/** More than WeCom answers in a minute, and than the manager lets through. */
const PULLS = 15;
const SECRET = 'corp-secret-of-the-tests';

let wecom: WecomServer;
let judge: TokenJudge;
let app: WecomApp;

interface Program extends BotCreatedAnswer {
  readonly openKfId: string;
}

const envOf = (place: Place) => ({
  ...place.env,
  WECOM_API_URL: wecom.url,
  ACCESS_TOKEN_URL: wecom.tokenUrl,
});

async function newCorp({ url }: ManagerProcess): Promise<void> {
  app = newApp();
  wecom.addSecret(app.corpId, SECRET);
  judge = new TokenJudge();
  wecom.behave('kf/sync_msg', judge.behaviour);
  await whenServed(() => postJson(`${url}/api/v1/apps`, app));
}

/** A bot that takes events and pulls by its key. */
async function addProgram({ url }: ManagerProcess, name: string, server: BotServer): Promise<Program> {
  const openKfId = newOpenKfId();
  const fields = { name, corpId: app.corpId, openKfIds: [openKfId], corpSecret: SECRET };
  const callback = { url: `${server.url}/wxkf/` };
  const bot = { ...fields, kind: 'callback', takes: 'event', callback };
  const response = await whenServed(() => postJson(`${url}/api/v1/bots`, bot));
  expect(response.status).toBe(200);
  return { ...((await response.json()) as BotCreatedAnswer), openKfId };
}

/** A customer writes. @returns the sync token of the event. */
async function write({ url }: ManagerProcess, { openKfId }: Program): Promise<string> {
  const token = `ENC-of-${openKfId}-${Math.random()}`;
  judge.give(token, openKfId);
  const callback = sealCallback(app, kfMessageXml(app, openKfId, token, Math.floor(Date.now() / 1_000)));
  expect((await whenServed(() => postCallback(url, app, callback))).status).toBe(200);
  return token;
}

const pull = ({ url }: ManagerProcess, { key, openKfId }: Program, fields: object): Promise<CallAnswer> =>
  call(
    `${url}/bot/${key}/cgi-bin/kf/sync_msg?corpid=${app.corpId}`,
    postJsonBody({ open_kfid: openKfId, ...fields }),
  );

async function pullMany(manager: ManagerProcess, bot: Program, tokenOf: (n: number) => string) {
  const answers: CallAnswer[] = [];
  for (let n = 0; n < PULLS; n++) answers.push(await pull(manager, bot, { token: tokenOf(n) }));
  return answers;
}

const errcodesOf = (answers: readonly CallAnswer[]) => answers.map((answer) => jsonOf(answer).errcode);
const madeUp = (n: number) => `ENC-made-up-${n}`;
const tokensAtWecom = () =>
  wecom.callsTo('kf/sync_msg').map(({ text }) => (JSON.parse(text ?? '{}') as { token?: string }).token);

/** What a customer waits: the program pulls again and again until it has the message. */
async function waitOf(manager: ManagerProcess, bot: Program, fields: object): Promise<number> {
  const startedMs = performance.now();
  await until(async () => jsonOf(await pull(manager, bot, fields)).errcode === 0);
  return performance.now() - startedMs;
}

async function ask<Body>({ url }: ManagerProcess, path: string): Promise<Body> {
  return (await (await whenServed(() => fetch(`${url}/api/v1/${path}`))).json()) as Body;
}

/** Of the corp that is tried. */
const causesOf = async (manager: ManagerProcess) =>
  (await ask<StatusAnswer>(manager, 'status')).verdict.causes.filter(({ corpId }) => corpId === app.corpId);

beforeAll(async () => {
  wecom = await startWecomServer();
});

afterAll(() => wecom.close());

onEachStoreNightly((newPlace) => {
  let place: Place;
  let manager: ManagerProcess;
  let server: BotServer;
  let bad: Program;
  let good: Program;

  beforeAll(async () => {
    place = sealedPlace(newPlace());
    server = await BotServer.start();
    manager = await startManager(envOf(place));
  });

  beforeEach(async () => {
    await newCorp(manager);
    bad = await addProgram(manager, 'Old tokens', server);
    good = await addProgram(manager, 'Good tokens', server);
  });

  afterAll(async () => {
    await manager.stop();
    await Promise.all([server.close(), place.discard()]);
  });

  it('a bot with made-up tokens keeps no customer of another bot waiting', async () => {
    const answers = await pullMany(manager, bad, madeUp);
    const token = await write(manager, good);
    expect(await waitOf(manager, good, { token })).toBeLessThan(5_000);
    // Nor does it take all pulls without a token.
    expect(errcodesOf([await pull(manager, good, {})])).toEqual([0]);
    const errcodes = errcodesOf(answers);
    expect(errcodes.filter((errcode) => errcode === 0)).toHaveLength(7);
    expect(errcodes.filter((errcode) => errcode === 45009)).toHaveLength(8);
    const over = answers.at(-1) as CallAnswer;
    expect(jsonOf(over).errmsg).toMatch(/^api freq out of limit, answered by the manager: .*sync token/);
    expect(Number(over.headers['retry-after'])).toBeGreaterThanOrEqual(1);
  });

  it('the log, the WeCom errors and the verdict name a bot with made-up tokens', async () => {
    await pullMany(manager, bad, madeUp);
    await manager.line(
      ({ msg, bot, result }) => msg === 'proxy.answered' && bot === bad.id && result === 'limited',
    );
    const line = manager.log.find(({ bot, result }) => bot === bad.id && result === 'limited');
    expect(line).toMatchObject({ errcode: 45009, syncToken: 'unknown', openKfId: bad.openKfId });
    const { items } = await ask<FailedCallPageAnswer>(manager, `wecom-errors/calls?corpId=${app.corpId}`);
    expect(items).toMatchObject([
      { api: 'kf/sync_msg', why: '45009', botId: bad.id, openKfId: bad.openKfId, count: 8 },
    ]);
    expect(await causesOf(manager)).toMatchObject([
      { code: 'bot_calls_fail', severity: 'wait', why: '45009', botId: bad.id, botName: 'Old tokens' },
    ]);
    expect(manager.output()).not.toContain('ENC-');
  });

  it('a token that is none of the account is replaced by the newest one of the account', async () => {
    await write(manager, bad);
    const newest = await write(manager, bad);
    const ofOther = await write(manager, good);
    const before = tokensAtWecom().length;
    expect(errcodesOf(await pullMany(manager, bad, () => ofOther))).toEqual(Array(PULLS).fill(0));
    expect(tokensAtWecom().slice(before)).toEqual(Array(PULLS).fill(newest));
  });

  it('an older token that is still valid goes on as it is', async () => {
    const older = await write(manager, good);
    await write(manager, good);
    expect(errcodesOf([await pull(manager, good, { token: older })])).toEqual([0]);
    expect(tokensAtWecom().at(-1)).toBe(older);
  });

  it('a token from before a restart counts as valid', async () => {
    const token = await write(manager, good);
    await manager.stop();
    manager = await startManager(envOf(place));
    // It reads what was before once it has started.
    await until(async () => !errcodesOf(await pullMany(manager, good, () => token)).includes(45009));
  });
});

mongoSuite('with two managers on one database', () => {
  let place: Place;
  let one: ManagerProcess;
  let two: ManagerProcess;
  let server: BotServer;

  beforeAll(async () => {
    place = sealedPlace(mongoPlace());
    server = await BotServer.start();
    [one, two] = await Promise.all([startManager(envOf(place)), startManager(envOf(place))]);
  });

  afterAll(async () => {
    await Promise.all([one.stop(), two.stop(), server.close()]);
    await place.discard();
  });

  it('a token that came to the one is valid at the other, at once and later', async () => {
    await newCorp(one);
    const bot = await addProgram(one, 'Good tokens', server);
    const token = await write(one, bot);
    await until(async () => (await pull(two, bot, { token })).status === 200);
    expect(errcodesOf(await pullMany(two, bot, () => token))).toEqual(Array(PULLS).fill(0));
    expect(errcodesOf(await pullMany(two, bot, () => token))).toEqual(Array(PULLS).fill(0));
  });

  it('a bot with made-up tokens at both keeps no customer of another bot waiting', async () => {
    await newCorp(one);
    const bad = await addProgram(one, 'Old tokens', server);
    const good = await addProgram(one, 'Good tokens', server);
    await until(async () => (await pull(two, bad, {})).status === 200);
    const pulls = [one, two].flatMap((manager) =>
      Array.from({ length: PULLS }, (_, n) => pull(manager, bad, { token: madeUp(n) })),
    );
    expect(errcodesOf(await Promise.all(pulls))).toContain(45009);
    const token = await write(one, good);
    expect(await waitOf(two, good, { token })).toBeLessThan(10_000);
  });
});
