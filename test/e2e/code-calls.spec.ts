/** WeCom takes a welcome code for 20 s: what spends it waits for nothing but a connection. On the embedded store. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Simulator, startSimulator } from '../../packages/simulator/simulator.js';
import type { BotCreatedAnswer } from '../../src/api/bots/bots.dto.js';
import { connectApp } from '../support/connected-app.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace, sealedPlace } from '../support/place.js';
import { PullingBot } from '../support/pulling-bot.js';
import { until, whenServed } from '../support/until.js';
import { WecomGate } from '../support/wecom-gate.js';

/** The manager's own connections to WeCom for one corp. */
const CONNECTIONS = 4;
/** One who enters, and as many others as are sent texts at once. */
const CUSTOMERS = Array.from({ length: 9 }, (_, n) => `customer ${n}`);

const place = sealedPlace(embeddedPlace(), randomBytes(32).toString('base64'));
let wecom: Simulator;
let gate: WecomGate;
let manager: ManagerProcess;
let bot: PullingBot;

beforeAll(async () => {
  wecom = await startSimulator({ accounts: ['hall', 'desk'], customers: CUSTOMERS });
  gate = await WecomGate.open(wecom.url);
  manager = await startManager({
    ...place.env,
    WECOM_API_URL: gate.url,
    ACCESS_TOKEN_URL: `${gate.url}/cgi-bin/gettoken`,
  });
  await connectApp(wecom, manager);
  bot = await PullingBot.start();
  await add();
});

afterAll(async () => {
  await manager.stop();
  await Promise.all([gate.close(), bot.close(), wecom.close()]);
  await place.discard();
});

/** It is closed today, so whoever asks for a person is told so. */
async function add(): Promise<void> {
  const { corpId, corpSecret } = wecom;
  const day = 1 + ((new Date().getUTCDay() + 2) % 7);
  const hours = { timeZone: 'UTC', open: [{ days: [day], from: '00:00', to: '01:00' }], closed: 'closed' };
  const body = {
    ...{ name: 'Support bot', corpId, corpSecret, openKfIds: ['*'], kind: 'callback', takes: 'message' },
    callback: { url: `${bot.server.url}/wxkf/` },
    session: { welcome: { text: 'welcome' }, people: { keywords: ['人工'], to: 'pool' }, hours },
  };
  const response = await whenServed(() =>
    fetch(`${manager.url}/api/v1/bots`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  );
  const answer = (await response.json()) as BotCreatedAnswer;
  if (response.status !== 200) throw new Error(JSON.stringify(answer));
  bot.server.keys = { token: answer.token ?? '', encodingAESKey: answer.encodingAESKey ?? '' };
  bot.base = `${manager.url}/bot/${answer.key}/cgi-bin`;
  bot.credentials = { corpid: corpId, corpsecret: corpSecret };
}

const shown = () => wecom.corp.chat.messages.filter(({ from }) => from === 'bot').map(({ body }) => body);

it('a welcome goes before all texts that wait for a connection to WeCom', async () => {
  const [hall = '', desk = ''] = wecom.accounts.map(({ openKfId }) => openKfId);
  const [guest = '', ...others] = wecom.customers.map(({ externalUserId }) => externalUserId);
  // What the guest's entering causes is pulled over one of the four connections.
  gate.holds = (api) => api === 'kf/sync_msg';
  wecom.corp.enter(hall, guest);
  await until(() => gate.held === 1);
  // Eight texts for others: three have the other connections, and five wait.
  gate.holds = (api) => api === 'kf/send_msg';
  for (const externalUserId of others) wecom.say('人工', { openKfId: desk, externalUserId });
  await until(() => gate.held === CONNECTIONS);
  // The pull ends, a fourth text has its connection, and the welcome waits as well. The bot gets the event after that.
  gate.letGo(1);
  await until(() => gate.held === CONNECTIONS && bot.texts.includes('event'));
  const before = gate.came.length;
  gate.letGo(1);
  await until(() => gate.came.length > before);
  expect(gate.came[before]).toBe('kf/send_msg_on_event');
  await until(() => shown().some((body) => JSON.stringify(body).includes('welcome')));
  gate.holds = () => false;
  gate.letGo();
});
