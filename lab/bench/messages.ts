/**
 * `npm run bench:messages -w lab`: messages that one core pulls from WeCom and gives to bots per second, signed and in order, beside
 * an earlier build.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Simulator, startSimulator } from '../../packages/simulator/simulator.js';
import { registrationOf } from '../../test/support/puppet-server.js';
import { Manager } from '../faults/manager.js';
import { stablePort } from '../faults/ports.js';
import { type Bench, type Build, type Contender, type Round, runBench, watch } from './turns.js';

const ACCOUNTS = Array.from({ length: 20 }, (_, n) => `account ${n}`);
const PLANS = {
  full: { rounds: 8, warmUpRounds: 2, limitMs: 900_000 },
  short: { rounds: 1, warmUpRounds: 0, limitMs: 200_000 },
};
/** Of each account, that are there when its callback comes. */
const BACKLOG = { full: 500, short: 20 };
const ARRIVED_WITHIN_MS = 60_000;
const LOOK_AGAIN_MS = 2;

interface Bot {
  signingSecret: string;
  said: number;
  arrived: number;
  arrivedAtMs: number;
}

/** One for each account, on one port. A message that is not the next one, or not signed, is told of. */
class Bots {
  arrived = 0;
  /** Between two messages of an account, which go one after the other. */
  gapsMs: number[] = [];
  wrong: string | null = null;
  readonly of = new Map<string, Bot>();
  readonly #server = createServer(async (request, response) => {
    this.#take(request, Buffer.concat(await request.toArray()).toString());
    response.end('success');
  });

  async listen(): Promise<string> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #take({ url = '', headers }: IncomingMessage, body: string): void {
    const bot = this.of.get(url.split('/')[1] ?? '');
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    const key = Buffer.from(bot?.signingSecret.replace('whsec_', '') ?? '', 'base64');
    const signature = `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
    if (bot === undefined || signature !== headers['webhook-signature']) {
      this.wrong ??= `${url} was sent what is not signed`;
      return;
    }
    if (JSON.parse(body).text.content !== String(bot.arrived))
      this.wrong ??= `not message ${bot.arrived}: ${body}`;
    const nowMs = performance.now();
    if (bot.arrivedAtMs > 0) this.gapsMs.push(nowMs - bot.arrivedAtMs);
    bot.arrivedAtMs = nowMs;
    bot.arrived++;
    this.arrived++;
  }
}

/** So many messages of each account are there when its callback tells of them. */
async function backlog(wecom: Simulator, server: Manager, bots: Bots, perAccount: number): Promise<Round> {
  const say = ([openKfId, bot]: [string, Bot]) => wecom.say(String(bot.said++), { openKfId });
  wecom.faults.dropCallbacks = true;
  for (const one of bots.of) {
    for (let n = 1; n < perAccount; n++) say(one);
    one[1].arrivedAtMs = 0;
  }
  wecom.faults.dropCallbacks = false;
  bots.gapsMs = [];
  const count = bots.of.size * perAccount;
  const due = bots.arrived + count;
  const ended = watch(server);
  for (const one of bots.of) say(one);
  const deadlineMs = performance.now() + ARRIVED_WITHIN_MS;
  while (bots.arrived < due && bots.wrong === null && performance.now() < deadlineMs)
    await sleep(LOOK_AGAIN_MS);
  const round = ended(count, bots.gapsMs);
  if (bots.wrong === null && bots.arrived === due) return round;
  throw new Error(
    `${bots.wrong ?? `${due - bots.arrived} of ${count} messages did not come`}\n${server.logTail()}`,
  );
}

async function join({ run, core }: Bench, { name, main, ratioMin }: Build): Promise<Contender> {
  const wecom = await startSimulator({ accounts: ACCOUNTS });
  run.onEnd(() => wecom.close());
  const env = {
    ...(await run.newStore()),
    WECOM_API_URL: wecom.url,
    ACCESS_TOKEN_URL: `${wecom.url}/cgi-bin/gettoken`,
    SECRETS_KEY: randomBytes(32).toString('base64'),
  };
  const server = await Manager.start(run, { port: await stablePort(), env, main, core });
  const bots = new Bots();
  const botsUrl = await bots.listen();
  const { corpId, corpSecret, callback } = wecom;
  await post(`${server.url}/api/v1/apps`, { corpId, ...callback });
  const { isVerified } = await wecom.saveCallback({ ...callback, url: `${server.url}/callback/${corpId}` });
  if (!isVerified) throw new Error(`${name} does not verify its URL`);
  for (const { openKfId } of wecom.accounts) {
    const bot = {
      name: openKfId,
      corpId,
      openKfIds: [openKfId],
      kind: 'puppet',
      takes: 'message',
      corpSecret,
    };
    const made = await post(`${server.url}/api/v1/bots`, bot);
    bots.of.set(openKfId, { signingSecret: made.signingSecret, said: 0, arrived: 0, arrivedAtMs: 0 });
    const registration = registrationOf({ corpId, ...callback }, openKfId, `${botsUrl}/${openKfId}`);
    await post(
      `${server.url}/puppetWxkfManager/register`,
      { ...registration, corpSecret, takes: 'message' },
      { authorization: `Bearer ${made.key}` },
    );
  }
  const perAccount = run.isShort ? BACKLOG.short : BACKLOG.full;
  return { name, server, ratioMin, round: () => backlog(wecom, server, bots, perAccount) };
}

// oxlint-disable-next-line typescript/no-explicit-any -- what is made for a bot.
async function post(url: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<any> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${url} was answered ${answer.status}: ${text}`);
  return text.startsWith('{') ? JSON.parse(text) : text;
}

await runBench('messages', 'Messages given to bots per second on one core', PLANS, async (bench) => {
  const contenders: Contender[] = [];
  for (const build of bench.builds) contenders.push(await join(bench, build));
  return contenders;
});
