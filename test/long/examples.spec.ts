/** The examples as processes of their own, between the built manager and WeCom: the simulated one, and the local one. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createSocketServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { stablePort } from '../../lab/faults/ports.js';
import { type Simulator, startSimulator } from '../../packages/simulator/simulator.js';
import { Conversation } from '../support/conversation.js';
import { type ExampleProcess, startExample } from '../support/example-process.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace } from '../support/place.js';
import { type ProxySuite, proxySuite } from '../support/proxy-suite.js';
import { registrationOf, startPuppetServer } from '../support/puppet-server.js';
import { join as joinSockets } from '../support/tls-front.js';
import {
  kfMessageXml,
  newApp,
  newOpenKfId,
  postCallback,
  sealCallback,
  sealVerification,
  sendMessage,
  signedQuery,
  type WecomApp,
} from '../support/wecom.js';
import { answer, times, usual } from '../support/wecom-faults.js';

const PUPPET_SECRET = 'marked-secret_of-puppets';
const GATEWAY_SECRET = 'marked-secret_of-gateways';
const OPERATOR_SECRET = 'marked-secret_of-operators';
const ROLES = {
  AUTH_PUPPET_TOKEN: PUPPET_SECRET,
  AUTH_GATEWAY_TOKEN: GATEWAY_SECRET,
  AUTH_OPERATOR_TOKEN: OPERATOR_SECRET,
};

const folder = mkdtempSync(join(tmpdir(), 'wxkf-examples-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function withSecret(url: string, user: string, secret: string): string {
  return Object.assign(new URL(url), { username: user, password: secret }).href;
}

/** A bot of a corp of its own, and its customers. */
class Bot {
  readonly app: WecomApp = newApp();
  readonly conversation = new Conversation(newOpenKfId());
  readonly corpSecret = `secret-of-${this.app.corpId}`;
  process: ExampleProcess | null = null;

  constructor(
    private readonly suite: ProxySuite,
    private readonly managerUrl: () => string,
  ) {}

  get openKfId(): string {
    return this.conversation.openKfId;
  }

  get cursorFile(): string {
    return join(folder, `${this.openKfId}.json`);
  }

  /** Where the manager has to send to. */
  get endpoint(): string {
    const line = this.process?.lines.find((text) => text.startsWith('registered ')) ?? '';
    return line.split(' at ')[1] ?? '';
  }

  launch(): ExampleProcess {
    this.suite.wecom.addSecret(this.app.corpId, this.corpSecret);
    this.suite.wecom.behave('kf/sync_msg', this.conversation.syncMsg);
    this.suite.wecom.behave('kf/send_msg', this.conversation.sendMsg);
    this.process = startExample('examples/echo-puppet/echo-puppet.js', {
      MANAGER_URL: this.managerUrl(),
      CORP_ID: this.app.corpId,
      CORP_SECRET: this.corpSecret,
      KF_ID: this.openKfId,
      CALLBACK_TOKEN: this.app.token,
      ENCODING_AES_KEY: this.app.encodingAESKey,
      CURSOR_FILE: this.cursorFile,
    });
    return this.process;
  }

  /** Until it has read what there was at its start. */
  async start(): Promise<ExampleProcess> {
    const read = this.suite.wecom.next('kf/sync_msg');
    const started = this.launch();
    await started.line(/^registered /);
    const { ended } = await read;
    await ended;
    return started;
  }

  /** What the manager says of it. */
  async info(): Promise<unknown> {
    const url = `${this.suite.manager.url}/puppetWxkfManager/puppetWxkfInfo/${this.openKfId}`;
    return (await fetch(url, { headers: { authorization: `Bearer ${OPERATOR_SECRET}` } })).json();
  }

  /** A customer writes, WeCom calls back, and the reply is there and noted. */
  async asked(content: string): Promise<void> {
    const msgid = this.conversation.say(content);
    await this.news();
    await this.process?.line(new RegExp(`^done with ${msgid}`));
  }

  async news(): Promise<void> {
    expect((await sendMessage(this.suite.manager.url, this.app, this.openKfId)).status).toBe(200);
  }

  replies(): string[] {
    return this.conversation.sent.map(({ text }) => text.content);
  }
}

/** Chunked, as behind a proxy. */
function postChunks(bot: Bot, chunk: string, count: number): Promise<Response> {
  const body = ReadableStream.from(Array.from({ length: count }, () => new TextEncoder().encode(chunk)));
  return fetch(`${bot.endpoint}/callback/decrypted`, { method: 'POST', body, duplex: 'half' });
}

/** Of the echo puppet and of the gateway. */
const suite = proxySuite(ROLES);

describe('the echo puppet', () => {
  let bot: Bot;

  beforeEach(() => {
    bot = new Bot(suite, () => withSecret(suite.manager.url, 'puppet', PUPPET_SECRET));
  });

  afterEach(async () => {
    await bot.process?.stop('SIGKILL');
    suite.wecom.behave('kf/sync_msg', usual);
    suite.wecom.behave('kf/send_msg', usual);
  });

  it('registers, answers a customer, and says goodbye', async () => {
    const echo = await bot.start();
    expect(await bot.info()).toMatchObject({ kfName: 'Echo', endpoint: bot.endpoint, online: true });
    await bot.asked('你好');
    expect(bot.conversation.sent).toMatchObject([{ touser: 'wmCustomer', open_kfid: bot.openKfId }]);
    expect(await echo.stop('SIGTERM')).toBe(0);
    expect(await bot.info()).toMatchObject({ online: false });
  });

  it('opens callbacks of every length, whatever their padding', async () => {
    await bot.start();
    for (let length = 1; length <= 32; length++) {
      const xml = kfMessageXml(bot.app, bot.openKfId, 'T'.repeat(length));
      const { query, body } = sealCallback(bot.app, xml);
      const response = await fetch(`${bot.endpoint}/callback?${new URLSearchParams(query)}`, {
        method: 'POST',
        headers: { 'content-type': 'text/xml' },
        body,
      });
      expect([length, response.status]).toEqual([length, 200]);
    }
  });

  it('takes a body of a length that nobody said before, and no endless one', async () => {
    await bot.start();
    expect((await postChunks(bot, JSON.stringify({ token: '', openKfId: bot.openKfId }), 1)).status).toBe(
      200,
    );
    expect((await postChunks(bot, 'x'.repeat(100_000), 11)).status).toBe(413);
  });

  it('takes what a gateway has opened', async () => {
    await bot.start();
    const reply = bot.conversation.next('Echo: by a gateway');
    bot.conversation.say('by a gateway');
    const response = await fetch(`${suite.manager.url}/callback/decrypted/${bot.app.corpId}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${GATEWAY_SECRET}` },
      body: JSON.stringify({ token: 'ENCnews', openKfId: bot.openKfId }),
    });
    // A busy machine may take longer than the answer waits; the puppet gets it all the same.
    expect(await response.json()).toMatchObject({ delivery: expect.stringMatching(/^(delivered|pending)$/) });
    await reply;
  });

  it('pulls with the sync token of the event', async () => {
    await bot.start();
    const pull = suite.wecom.next('kf/sync_msg');
    const xml = kfMessageXml(bot.app, bot.openKfId, 'ENCtheToken');
    await postCallback(suite.manager.url, bot.app, sealCallback(bot.app, xml));
    expect(JSON.parse((await pull).text ?? '')).toMatchObject({ token: 'ENCtheToken' });
  });

  it('goes on where it was after SIGKILL', async () => {
    const echo = await bot.start();
    await bot.asked('before');
    await bot.asked('and once more');
    await echo.stop('SIGKILL');
    const cursorsBefore = bot.conversation.cursors.length;
    bot.conversation.say('while it was away');
    const reply = bot.conversation.next('Echo: while it was away');
    bot.launch();
    await reply;
    expect(Number(bot.conversation.cursors[cursorsBefore])).toBeGreaterThan(0);
    await bot.asked('after');
    expect(bot.replies()).toEqual(
      ['before', 'and once more', 'while it was away', 'after'].map((text) => `Echo: ${text}`),
    );
  });

  it('answers a message once, however often it is given and told of', async () => {
    await bot.start();
    const msgid = bot.conversation.say('again and again');
    bot.conversation.say('again and again', { msgid });
    const callback = sealCallback(bot.app, kfMessageXml(bot.app, bot.openKfId));
    for (let n = 0; n < 3; n++) await postCallback(suite.manager.url, bot.app, callback);
    await bot.asked('the last');
    expect(bot.replies()).toEqual(['Echo: again and again', 'Echo: the last']);
  });

  it('leaves alone what is older than its first start', async () => {
    bot.conversation.say('long ago', { sendTimeS: 1_600_000_000 });
    await bot.start();
    await bot.asked('now');
    expect(bot.replies()).toEqual(['Echo: now']);
  });

  it('loses no message while the address is not trusted, and answers none twice', async () => {
    const echo = await bot.start();
    suite.wecom.behave('kf/send_msg', answer(60020));
    bot.conversation.say('meanwhile');
    await bot.news();
    await echo.line(/^not read to the end, again in \d+ s: 60020/);
    suite.wecom.behave('kf/send_msg', bot.conversation.sendMsg);
    await bot.asked('afterwards');
    expect(bot.replies()).toEqual(['Echo: meanwhile', 'Echo: afterwards']);
  });

  it('asks once more after a minute, and not at each event, when WeCom says too often', async () => {
    const echo = await bot.start();
    suite.wecom.behave('kf/sync_msg', answer(45009));
    await bot.news();
    await echo.line(/^not read to the end, again in 60 s: 45009/);
    const calls = suite.calls('kf/sync_msg').length;
    for (let n = 0; n < 5; n++) await bot.news();
    await bot.info();
    expect(suite.calls('kf/sync_msg')).toHaveLength(calls);
  });

  it('cuts a long text between two characters', async () => {
    await bot.start();
    await bot.asked(`a${'😀'.repeat(700)}`);
    const [reply = ''] = bot.replies();
    expect(reply.isWellFormed()).toBe(true);
    expect(Buffer.byteLength(reply)).toBeLessThanOrEqual(2_048);
    expect(Buffer.byteLength(reply)).toBeGreaterThan(1_900);
  });

  it('notes when it began before it has read anything', async () => {
    const echo = bot.launch();
    suite.wecom.behave('kf/sync_msg', answer(45009));
    await echo.line(/^not read to the end/);
    expect(JSON.parse(readFileSync(bot.cursorFile, 'utf8'))).toMatchObject({ sinceS: expect.any(Number) });
  });

  it('passes over a message that WeCom lets nobody answer', async () => {
    const echo = await bot.start();
    suite.wecom.behave('kf/send_msg', answer(95018));
    bot.conversation.say('to a human');
    await bot.news();
    await echo.line(/cannot be answered: 95018/);
    suite.wecom.behave('kf/send_msg', bot.conversation.sendMsg);
    await bot.asked('to the bot');
    expect(bot.replies()).toEqual(['Echo: to the bot']);
  });

  it('pulls nothing for what is forged or not for it', async () => {
    await bot.start();
    const pulls = bot.conversation.cursors.length;
    const { body } = sealCallback(bot.app, kfMessageXml(bot.app, bot.openKfId));
    const forged = signedQuery({ ...bot.app, token: 'another' }, 'x');
    const other = sealCallback(bot.app, kfMessageXml(bot.app, newOpenKfId()));
    const send = async (query: Readonly<Record<string, string>>, text: string) =>
      (await fetch(`${bot.endpoint}/callback?${new URLSearchParams(query)}`, { method: 'POST', body: text }))
        .status;
    expect(await send(forged, body)).toBe(403);
    expect(await send({}, '<xml/>')).toBe(403);
    expect(await send(other.query, other.body)).toBe(404);
    expect(await send(other.query, 'x'.repeat(1_000_001))).toBe(413);
    expect(bot.conversation.cursors).toHaveLength(pulls);
  });

  it('registers as soon as the manager is there', async () => {
    const port = await stablePort();
    const url = `http://127.0.0.1:${port}`;
    bot = new Bot(suite, () => withSecret(url, 'puppet', PUPPET_SECRET));
    const echo = bot.launch();
    await echo.line(/^not registered, again in/);
    // From now on it is at that port, too.
    const managerPort = Number(new URL(suite.manager.url).port);
    const there = createSocketServer((socket) => joinSockets(socket, connect(managerPort, '127.0.0.1')));
    there.listen(port, '127.0.0.1');
    await echo.line(/^registered /);
    expect(await echo.stop('SIGINT')).toBe(0);
    there.close();
  });

  it('has its access token from the manager, and a new one when that is no good', async () => {
    const echo = await bot.start();
    await bot.asked('with a token');
    suite.wecom.revoke(bot.app.corpId, bot.corpSecret);
    suite.wecom.behave('kf/sync_msg', times(1, usual, bot.conversation.syncMsg));
    bot.conversation.say('with a token that WeCom took back');
    await bot.news();
    await echo.line(/^not read to the end, again in 1 s: 40014/);
    await bot.asked('with a new one');
    expect(bot.replies().at(-1)).toBe('Echo: with a new one');
    expect(await echo.stop()).toBe(0);
  });
});

describe('the gateway', () => {
  const app = newApp();
  let gateway: ExampleProcess;
  let url: string;

  const start = async (managerUrl: string): Promise<void> => {
    gateway = startExample('examples/gateway/gateway.js', {
      MANAGER_URL: withSecret(managerUrl, 'gateway', GATEWAY_SECRET),
      CORP_ID: app.corpId,
      CALLBACK_TOKEN: app.token,
      ENCODING_AES_KEY: app.encodingAESKey,
    });
    const line = await gateway.line(/^listening on port/);
    url = `http://127.0.0.1:${line.split(' ').at(-1)}/callback`;
  };
  const post = ({ query, body }: ReturnType<typeof sealCallback>): Promise<Response> =>
    fetch(`${url}?${new URLSearchParams(query)}`, { method: 'POST', body });
  const textOf = async (response: Response): Promise<unknown[]> => [response.status, await response.text()];

  afterEach(async () => void (await gateway.stop('SIGKILL')));

  it('verifies its URL for WeCom', async () => {
    await start(suite.manager.url);
    const query = new URLSearchParams(sealVerification(app, '1616140317555161061'));
    expect(await textOf(await fetch(`${url}?${query}`))).toEqual([200, '1616140317555161061']);
    query.set('nonce', 'another');
    expect((await fetch(`${url}?${query}`)).status).toBe(403);
  });

  it('opens no captured callback as a verification', async () => {
    await start(suite.manager.url);
    const { query, body } = sealCallback(app, kfMessageXml(app, newOpenKfId(), 'ENCsecret'));
    const echostr = /<Encrypt>(?:<!\[CDATA\[)?([^<\]]+)/.exec(body)?.[1] ?? '';
    const captured = await fetch(`${url}?${new URLSearchParams({ ...query, echostr })}`);
    expect(await textOf(captured)).toEqual([403, 'refused']);
  });

  it('opens a callback and has the manager deliver it', async () => {
    await start(suite.manager.url);
    const [puppet, openKfId] = [await startPuppetServer(), newOpenKfId()];
    const registered = await fetch(`${suite.manager.url}/puppetWxkfManager/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${PUPPET_SECRET}` },
      body: JSON.stringify(registrationOf(app, openKfId, puppet.url)),
    });
    expect(registered.status).toBe(200);
    const arrival = puppet.next();
    const answered = await post(sealCallback(app, kfMessageXml(app, openKfId, 'ENCtoken')));
    expect(await textOf(answered)).toEqual([200, 'success']);
    expect(await arrival).toMatchObject({
      path: '/callback/decrypted',
      body: JSON.stringify({ token: 'ENCtoken', openKfId }),
    });
    await puppet.close();
  });

  it('answers what is for no puppet by itself', async () => {
    await start('http://127.0.0.1:1');
    const xml = `<xml><Event><![CDATA[kf_account_auth_change]]></Event></xml>`;
    expect(await textOf(await post(sealCallback(app, xml)))).toEqual([200, 'success']);
  });

  it('never says 200 where the manager did not', async () => {
    await start(suite.manager.url);
    const ofNobody = { ...sealCallback(app, kfMessageXml(app, 'not an account')) };
    expect((await post(ofNobody)).status).toBe(400);
    await gateway.stop('SIGKILL');
    await start('http://127.0.0.1:1');
    expect((await post(sealCallback(app, kfMessageXml(app, newOpenKfId())))).status).toBe(503);
  });

  it('says that the manager is away when its answer ends in the middle', async () => {
    const half = createServer((_request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('{"code":0', () => response.destroy());
    }).listen(0, '127.0.0.1');
    await once(half, 'listening');
    await start(`http://127.0.0.1:${(half.address() as AddressInfo).port}`);
    expect((await post(sealCallback(app, kfMessageXml(app, newOpenKfId())))).status).toBe(503);
    half.close();
  });
});

describe('both, with the local WeCom and a manager without secrets', () => {
  const place = embeddedPlace();
  let wecom: Simulator;
  let manager: ManagerProcess;
  let examples: ExampleProcess[];

  const settings = () => ({
    MANAGER_URL: manager.url,
    CORP_ID: wecom.corpId,
    CALLBACK_TOKEN: wecom.callback.token,
    ENCODING_AES_KEY: wecom.callback.encodingAESKey,
  });

  beforeAll(async () => {
    wecom = await startSimulator();
    const urls = { WECOM_API_URL: wecom.url, ACCESS_TOKEN_URL: `${wecom.url}/cgi-bin/gettoken` };
    manager = await startManager({ ...place.env, ...urls });
    const echo = startExample('examples/echo-puppet/echo-puppet.js', {
      ...settings(),
      CORP_SECRET: wecom.corpSecret,
      KF_ID: wecom.openKfId,
      CURSOR_FILE: join(folder, 'simulated.json'),
    });
    const gateway = startExample('examples/gateway/gateway.js', settings());
    examples = [echo, gateway];
    await echo.line(/^registered /);
  });

  afterAll(async () => {
    await Promise.all(examples.map((example) => example.stop()));
    await manager.stop();
    await wecom.close();
    await place.discard();
  });

  const gatewayUrl = async (): Promise<string> => {
    const line = await examples[1]?.line(/^listening on port/);
    return `http://127.0.0.1:${line?.split(' ').at(-1)}/callback`;
  };

  it.each([
    ['the manager', async () => `${manager.url}/callback/${wecom.corpId}`],
    ['the gateway', gatewayUrl],
  ])('a customer is answered once, with the callback URL of %s', async (_whose, url) => {
    const verification = await wecom.saveCallback({ ...wecom.callback, url: await url() });
    expect(verification).toMatchObject({ isVerified: true });
    wecom.faults.duplicateCallbacks = true;
    for (const text of ['你好', 'and goodbye']) {
      const reply = wecom.nextReply();
      wecom.say(text);
      expect(await reply).toMatchObject({ from: 'bot', body: { content: `Echo: ${text}` } });
    }
    wecom.faults.duplicateCallbacks = false;
  });

  it('has sent no reply twice', () => {
    const replies = wecom.corp.chat.messages.filter(({ from }) => from === 'bot');
    expect(replies.map(({ body }) => body.content)).toEqual(
      ['你好', 'and goodbye', '你好', 'and goodbye'].map((text) => `Echo: ${text}`),
    );
  });
});
