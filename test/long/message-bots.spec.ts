/** The message bots of `examples/` as processes of their own, between the built manager and the local WeCom. */
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { stablePort } from '../../lab/faults/ports.js';
import { type Simulator, startSimulator } from '../../packages/simulator/simulator.js';
import type { BotCreatedAnswer } from '../../src/api/bots/bots.dto.js';
import { type ExampleProcess, startExample } from '../support/example-process.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace } from '../support/place.js';
import { hasPython, PYTHON } from '../support/python.js';
import { type SendRefusals, startSendRefusals } from '../support/send-refusals.js';
import { until } from '../support/until.js';

const OPERATOR_SECRET = 'marked-secret_of-operators';
const AS_OPERATOR = { authorization: `Bearer ${OPERATOR_SECRET}`, 'content-type': 'application/json' };

const place = embeddedPlace();
let wecom: Simulator;
let refusals: SendRefusals;
let manager: ManagerProcess;
let example: ExampleProcess | null = null;
let accountsUsed = 0;

beforeAll(async () => {
  wecom = await startSimulator({ accounts: Array.from({ length: 20 }, (_, n) => `account ${n}`) });
  refusals = await startSendRefusals(wecom.url);
  manager = await startManager({
    ...place.env,
    HOST: '127.0.0.1',
    AUTH_OPERATOR_TOKEN: OPERATOR_SECRET,
    SECRETS_KEY: randomBytes(32).toString('base64'),
    WECOM_API_URL: refusals.url,
    ACCESS_TOKEN_URL: `${wecom.url}/cgi-bin/gettoken`,
  });
  const { corpId, callback } = wecom;
  const { token, encodingAESKey } = callback;
  await asked('POST', '/api/v1/apps', { corpId, token, encodingAESKey });
  const url = `${manager.url}/callback/${corpId}`;
  expect(await wecom.saveCallback({ ...callback, url })).toMatchObject({ isVerified: true });
});

afterEach(() => example?.stop('SIGKILL'));

afterAll(async () => {
  await manager.stop();
  await refusals.close();
  await wecom.close();
  await place.discard();
});

async function asked(method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(manager.url + path, {
    method,
    headers: AS_OPERATOR,
    body: body === undefined ? null : JSON.stringify(body),
  });
  expect([path, response.status]).toEqual([path, 200]);
  return response.json();
}

/** On the next account. @returns where it takes messages. */
async function start(file: string, runtime?: string) {
  const { corpId, corpSecret } = wecom;
  const openKfId = wecom.accounts[accountsUsed++]?.openKfId ?? '';
  const fields = { name: file, corpId, openKfIds: [openKfId], takes: 'message', corpSecret };
  const registers = file.startsWith(REGISTERING);
  const port = registers ? 0 : await stablePort();
  const url = `http://127.0.0.1:${port}/`;
  const kind = registers ? { kind: 'puppet' } : { kind: 'callback', callback: { url, form: 'json' } };
  const added = await asked('POST', '/api/v1/bots', { ...fields, ...kind });
  const { key, signingSecret } = added as BotCreatedAnswer;
  const own = registers ? { CORP_SECRET: corpSecret, KF_ID: openKfId } : { PORT: String(port) };
  example = startExample(
    file,
    { MANAGER_URL: manager.url, BOT_KEY: key, SIGNING_SECRET: signingSecret, CORP_ID: corpId, ...own },
    runtime,
  );
  if (!registers) {
    await until(() =>
      fetch(url, { method: 'POST', body: '{}' }).then(
        ({ status }) => status === 401,
        () => false,
      ),
    );
    return { openKfId, url, signingSecret };
  }
  const account = `/api/v1/accounts/${openKfId}`;
  let endpoint: string | undefined;
  await until(async () => {
    const { registration } = (await asked('GET', account)) as { registration: { endpoint: string } | null };
    endpoint = registration?.endpoint;
    return endpoint !== undefined;
  });
  return { openKfId, url: `${endpoint}/callback/message`, signingSecret };
}

const repliesOf = (openKfId: string): unknown[] =>
  wecom.corp.chat.messages
    .filter((message) => message.from === 'bot' && message.openKfId === openKfId)
    .map(({ body }) => body.content);

const REGISTERING = 'examples/message-bot/';
const itsPython = hasPython('import hmac; hmac.digest') ? it : it.skip;
const RUNS = [
  ['the message bot in JavaScript', `${REGISTERING}message-bot.js`, 40, undefined, it],
  ['the message bot in Python', `${REGISTERING}message_bot.py`, 40, PYTHON, itsPython],
  ['the JSON bot in JavaScript', 'examples/json-bot/json-bot.js', 35, undefined, it],
  ['the JSON bot in Python', 'examples/json-bot/json_bot.py', 35, PYTHON, itsPython],
] as const;

describe.each(RUNS)('%s', (_which, file, linesMax, runtime, its) => {
  it('is as short as its page says', () => {
    expect(readFileSync(file, 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(linesMax);
  });

  its('answers each message once, in order, and takes none that is not signed', async () => {
    const { openKfId, url, signingSecret } = await start(file, runtime);
    const texts = ['one', '二', 'three'];
    for (const text of texts) wecom.say(text, { openKfId });
    await until(() => repliesOf(openKfId).length >= texts.length);
    expect(repliesOf(openKfId)).toEqual(texts);

    const post = async (signature: string, at: number) => {
      const headers = {
        'webhook-id': 'msg_1',
        'webhook-timestamp': String(at),
        'webhook-signature': signature,
      };
      return (await fetch(url, { method: 'POST', headers, body })).status;
    };
    const body = JSON.stringify({ msgtype: 'event' });
    const key = Buffer.from(signingSecret.replace('whsec_', ''), 'base64');
    const sign = (at: number) =>
      `v1,${createHmac('sha256', key).update(`msg_1.${at}.${body}`).digest('base64')}`;
    const nowS = Math.floor(Date.now() / 1_000);
    expect(await post(sign(nowS), nowS)).toBe(200);
    expect(await post(sign(nowS), nowS + 1)).toBe(401);
    expect(await post(sign(nowS - 3_600), nowS - 3_600)).toBe(401);
    expect(await post('', nowS)).toBe(401);
  });

  its('has a message come again while WeCom answers -1 or 45009 to its reply', async () => {
    const { openKfId } = await start(file, runtime);
    refusals.faults.push(-1, 45009);
    wecom.say('one', { openKfId });
    await until(() => repliesOf(openKfId).length > 0);
    expect([repliesOf(openKfId), refusals.faults]).toEqual([['one'], []]);
  });

  its('says so where WeCom will never send a reply, and goes on', async () => {
    const { openKfId } = await start(file, runtime);
    refusals.faults.push(95001);
    for (const text of ['one', 'two']) wecom.say(text, { openKfId });
    await until(() => repliesOf(openKfId).length > 0);
    expect(repliesOf(openKfId)).toEqual(['two']);
    const said = example?.lines.filter((line) => line.includes('is not answered'));
    expect(said).toEqual([expect.stringContaining('95001')]);
  });

  its('goes on when a caller hangs up in the middle of its request', async () => {
    const { url } = await start(file, runtime);
    const { hostname, port } = new URL(url);
    const caller = connect(Number(port), hostname);
    caller.end('POST /callback/message HTTP/1.1\r\nhost: bot\r\ncontent-length: 100\r\n\r\n{');
    caller.resume();
    await once(caller, 'close');
    const answer = await fetch(url, { method: 'POST', body: '{}' });
    expect(answer.status).toBe(401);
  });
});
