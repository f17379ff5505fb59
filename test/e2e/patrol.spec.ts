/** Customers' messages whose callbacks WeCom's side loses: the built manager finds them, and says that callbacks do not arrive. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Simulator, startSimulator } from '../../packages/simulator/simulator.js';
import { StatusAnswer } from '../../src/api/status/status.dto.js';
import { answerAs } from '../support/answers.js';
import { connectApp } from '../support/connected-app.js';
import { mongoPlace, onEachStore } from '../support/each-store.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { scrape } from '../support/metrics.js';
import { mongoSuite } from '../support/mongo/database.js';
import { withPatrolTimes } from '../support/patrol-times.js';
import { embeddedPlace, newSecretsKey, type Place } from '../support/place.js';
import { PullingBot } from '../support/pulling-bot.js';
import { postJson } from '../support/puppet-server.js';
import { until } from '../support/until.js';

const TIMES = { roundMs: 50, lateQuietMs: 3_000, quietMs: 3_500, settleMs: 2_000 };
/** How long the manager may take for that, on a busy machine. */
const JUDGING_MS = 2_000;

let place: Place;
let env: Record<string, string>;
let wecom: Simulator;
let bot: PullingBot;
let managers: ManagerProcess[];

async function begin(newPlace: () => Place, replicas = 1): Promise<void> {
  place = newPlace();
  [wecom, bot] = await Promise.all([startSimulator({ accounts: ['one'] }), PullingBot.start()]);
  env = {
    ...place.env,
    ...withPatrolTimes(TIMES),
    SECRETS_KEY: newSecretsKey(),
    WECOM_API_URL: wecom.url,
    ACCESS_TOKEN_URL: `${wecom.url}/cgi-bin/gettoken`,
  };
  managers = [];
  while (managers.length < replicas) managers.push(await startManager(env));
  const [manager] = managers as [ManagerProcess];
  await connectApp(wecom, manager);
  await bot.addTo(manager.url, wecom, wecom.openKfId);
  // WeCom's times are whole seconds, and what was sent before the manager started does not count as untold.
  const secondOfStart = Math.floor(Date.now() / 1_000);
  await until(() => Math.floor(Date.now() / 1_000) > secondOfStart);
}

afterEach(async () => {
  await Promise.all(managers.map((manager) => manager.stop()));
  await Promise.all([wecom.close(), bot.close()]);
  await place.discard();
});

async function verdict(manager = managers[0] as ManagerProcess) {
  return answerAs(StatusAnswer, await (await fetch(`${manager.url}/api/v1/status`)).json()).verdict;
}

const codes = async () => (await verdict()).causes.map(({ code }) => code);

async function untold(): Promise<number> {
  const counts = await Promise.all(
    managers.map(async ({ url }) => (await scrape(url)).value('wxkf_messages_untold_total')),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

async function sayAndGet(text: string): Promise<void> {
  wecom.say(text);
  await until(() => bot.texts.includes(text));
  for (const given of bot.given.filter((one) => one.text === text))
    expect(await bot.reply(given, `answer to ${text}`)).toBe(0);
}

/**
 * Customers write while callbacks are dropped. A message that is pulled beside a late event counts as told, so another one follows
 * once it would have been judged.
 */
async function loseUntil(isSo: () => Promise<boolean>): Promise<void> {
  wecom.faults.dropCallbacks = true;
  while (!(await isSo())) {
    await sayAndGet(`lost ${bot.texts.length}`);
    const judgedMs = Date.now() + TIMES.settleMs + JUDGING_MS;
    await until(async () => (await isSo()) || Date.now() > judgedMs);
  }
}

/** As a gateway passes it on. */
async function eventComes(): Promise<void> {
  const { corpId, openKfId } = wecom;
  const url = `${managers[0]?.url}/callback/decrypted/${corpId}`;
  expect((await postJson(url, { token: 'ENCtoken', openKfId })).status).toBe(200);
}

onEachStore((newPlace) => {
  beforeEach(() => begin(newPlace));

  it('a message whose callback is lost reaches the bot, and after the second in a row the verdict says that callbacks do not arrive, until one arrives', async () => {
    await sayAndGet('told');
    await until(async () => (await verdict()).state === 'answered');
    expect(await codes()).toEqual([]);
    await loseUntil(async () => (await untold()) > 0);
    expect([await untold(), await codes()]).toEqual([1, []]);
    const before = Date.now();
    await loseUntil(async () => (await codes()).length > 0);
    const { state, causes } = await verdict();
    expect(state).toBe('failing');
    expect(causes).toMatchObject([
      { code: 'callbacks_missing', severity: 'bad', why: 'untold', corpId: wecom.corpId, lateMin: 1 },
    ]);
    expect(causes[0]?.botName).toBe('Support bot');
    expect(Date.parse(causes[0]?.since ?? '')).toBeLessThanOrEqual(before);
    expect(
      (await scrape((managers[0] as ManagerProcess).url)).value('wxkf_corps_without_callbacks', {
        why: 'untold',
      }),
    ).toBe(1);
    wecom.faults.dropCallbacks = false;
    await sayAndGet('told again');
    await until(async () => (await verdict()).state === 'answered');
    expect(await codes()).toEqual([]);
    expect(await untold()).toBe(2);
    const lost = bot.texts.slice(1, -1);
    expect(bot.texts).toEqual(['told', ...lost.map((_text, n) => `lost ${n + 1}`), 'told again']);
  });

  it('a message that is found before its callback arrives is not counted as untold', async () => {
    await sayAndGet('first');
    wecom.faults.dropCallbacks = true;
    await sayAndGet('found first');
    await eventComes();
    // It is judged later than the one before.
    await loseUntil(async () => (await untold()) > 0);
    expect([await untold(), await codes()]).toEqual([1, []]);
    expect(bot.texts.slice(0, 2)).toEqual(['first', 'found first']);
  });
});

mongoSuite('two managers on one database', () => {
  beforeEach(() => begin(mongoPlace, 2));

  it('pull an account for which no event comes only once between them', async () => {
    await sayAndGet('told');
    await loseUntil(async () => (await untold()) > 0);
    expect(await untold()).toBe(1);
    const pulls = () => wecom.calls.records.filter(({ api }) => api === 'kf/sync_msg');
    await until(() => pulls().length >= 5);
    const times = pulls().map(({ atMs }) => atMs);
    const gaps = times.slice(1).map((atMs, n) => atMs - (times[n] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(0.9 * TIMES.lateQuietMs);
    expect(new Set(bot.texts).size).toBe(bot.texts.length);
  });
});

describe('a bot whose callbacks never arrived', () => {
  beforeEach(() => begin(embeddedPlace));

  it('gets what customers write all the same, and the verdict says so', async () => {
    await loseUntil(async () => (await codes()).length > 0);
    expect(await codes()).toEqual(['callbacks_missing']);
    expect(bot.texts).toEqual(bot.texts.map((_text, n) => `lost ${n}`));
  });
});
