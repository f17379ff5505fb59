/** The three kinds of access to customer service: what each app may call, whom it is told of, and the command line. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { decrypt } from '@wecom/crypto';
import { type PuppetServer, startPuppetServer } from '../../../test/support/puppet-server.js';
import { type Answer, SimulatorClient } from '../../../test/support/simulator.js';
import { toView } from '../control/view.js';
import { hereIn } from '../here.js';
import { parseCommandLine } from '../options.js';
import type { SimulatorOptions } from '../simulator.js';
import { welcome } from '../welcome.js';

const APPS = [
  { name: '销售', accounts: ['售前', '大客户'] },
  { name: '服务', accounts: ['售后'], trustedIps: ['10.1.2.3'] },
];

let client: SimulatorClient | null = null;
let receiver: PuppetServer | null = null;

afterEach(async () => {
  await Promise.all([client?.close(), receiver?.close()]);
  client = null;
  receiver = null;
});

async function start(options: SimulatorOptions) {
  client = await SimulatorClient.start(options);
  return client.simulator;
}

/** With the token of that app's own Secret. */
async function callAs(appName: string, api: string, body: object): Promise<Answer> {
  const simulator = client?.simulator;
  const app = simulator?.apps.find(({ name }) => name === appName);
  if (simulator === undefined || app === undefined) throw new Error(`there is no app ${appName}`);
  const query = new URLSearchParams({ corpid: simulator.corpId, corpsecret: app.corpSecret });
  const { access_token } = (await (
    await fetch(`${simulator.url}/cgi-bin/gettoken?${query}`)
  ).json()) as Answer;
  const target = `${simulator.url}/cgi-bin/${api}?access_token=${access_token}`;
  return (await (await fetch(target, { method: 'POST', body: JSON.stringify(body) })).json()) as Answer;
}

const idOf = (name: string) =>
  client?.simulator.accounts.find((account) => account.name === name)?.openKfId ?? '';

describe('self-built apps', () => {
  it('each see all accounts, and may manage their own alone', async () => {
    await start({ apps: APPS, accounts: ['人工'] });
    const { account_list } = await callAs('销售', 'kf/account/list', {});
    expect(account_list.map(({ name, manage_privilege }: Answer) => [name, manage_privilege])).toEqual([
      ['售前', true],
      ['大客户', true],
      ['售后', false],
      ['人工', false],
    ]);
  });

  it('are refused every call for an account of another app, and for one that no app has', async () => {
    const simulator = await start({
      apps: [
        { name: '销售', accounts: ['售前'] },
        { name: '服务', accounts: ['售后'] },
      ],
      accounts: ['人工'],
    });
    const external_userid = simulator.firstCustomerId;
    for (const name of ['售前', '人工']) {
      const open_kfid = idOf(name);
      simulator.say('hello', { openKfId: open_kfid });
      for (const [api, fields] of [
        ['kf/sync_msg', { open_kfid }],
        ['kf/send_msg', { open_kfid, touser: external_userid, msgtype: 'text', text: { content: 'no' } }],
        ['kf/service_state/get', { open_kfid, external_userid }],
        ['kf/service_state/trans', { open_kfid, external_userid, service_state: 1 }],
      ] as const)
        expect([name, api, await callAs('服务', api, fields)]).toEqual([
          name,
          api,
          expect.objectContaining({ errcode: 48002 }),
        ]);
    }
    expect(await callAs('销售', 'kf/sync_msg', { open_kfid: idOf('售前') })).toMatchObject({
      errcode: 0,
      msg_list: [{ text: { content: 'hello' } }],
    });
    expect(await callAs('服务', 'kf/sync_msg', { open_kfid: 'wkNone' })).toMatchObject({ errcode: 95000 });
  });

  it('each have addresses of their own', async () => {
    await start({ apps: APPS });
    expect(await callAs('服务', 'kf/account/list', {})).toMatchObject({ errcode: 60020 });
    expect(await callAs('销售', 'kf/account/list', {})).toMatchObject({ errcode: 0 });
  });

  it('are each told of their own accounts, at their own URL and signed by their own keys', async () => {
    const simulator = await start({ apps: APPS, accounts: ['人工'] });
    receiver = await startPuppetServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://receiver');
      const app = simulator.apps.find(({ name }) => url.searchParams.get('app') === name);
      const echostr = url.searchParams.get('echostr');
      response.end(echostr === null ? '' : decrypt(app?.callback.encodingAESKey ?? '', echostr).message);
    });
    for (const app of simulator.apps) {
      const url = `${receiver.url}/?${new URLSearchParams({ app: app.name })}`;
      expect(await simulator.saveCallback({ ...app.callback, url }, app)).toMatchObject({ isVerified: true });
    }
    const seen: unknown[] = [];
    for (const name of ['售前', '售后', '大客户']) {
      const arrival = receiver.next();
      simulator.say('hello', { openKfId: idOf(name) });
      const { query, body } = await arrival;
      const app = simulator.apps.find((one) => one.name === query.app);
      const encrypted = /<Encrypt><!\[CDATA\[(.*?)]]>/.exec(body)?.[1] ?? '';
      const { message } = decrypt(app?.callback.encodingAESKey ?? '', encrypted);
      seen.push([query.app, message.includes(idOf(name))]);
    }
    simulator.say('is anybody there?', { openKfId: idOf('人工') });
    expect(seen).toEqual([
      ['销售', true],
      ['服务', true],
      ['销售', true],
    ]);
    expect(simulator.callbacks.records.map(({ app }) => app)).toEqual(['销售', '服务', '销售']);
  });

  it('are chosen by name on the page', async () => {
    const simulator = await start({ apps: APPS });
    await callAs('服务', 'kf/account/list', {});
    const [sales] = simulator.apps;
    const config = { url: 'http://127.0.0.1:9/', token: 'token1', encodingAESKey: 'a'.repeat(43) };
    await client?.command('callback', { app: '服务', ...config });
    expect([sales?.verification, simulator.apps[1]?.verification]).toEqual([
      null,
      expect.objectContaining({ reason: 'unreachable' }),
    ]);
    const revoked = await client?.command('access-token/revoke', { app: '服务' });
    expect(await revoked?.json()).toEqual({ isRevoked: true });
    expect(await client?.command('access-token/revoke', { app: '销售' }).then((one) => one.json())).toEqual({
      isRevoked: false,
    });
    expect((await client?.command('callback', { app: '财务', ...config }))?.status).toBe(400);
    expect(simulator.calls.records.map(({ api, app }) => [api, app])).toEqual([
      ['gettoken', '服务'],
      ['kf/account/list', '服务'],
    ]);
  });
});

describe.each(['built-in', 'stand-alone'] as const)('the kind %s', (kind) => {
  it('has one Secret for all accounts', async () => {
    const simulator = await start({ kind, accounts: ['一号', '二号'] });
    expect(simulator.apps).toHaveLength(1);
    for (const { openKfId: open_kfid } of simulator.accounts)
      expect(await client?.sync({ open_kfid })).toMatchObject({ errcode: 0 });
  });
});

describe('the command line', () => {
  it('gives each app its own', () => {
    const key = 'a'.repeat(43);
    const line =
      '--app 销售=售前,大客户 --app 服务=售后 --secret secret-1 --secret secret-2 --token tok1 --aes-key ' +
      `${key} --trusted-ip 10.0.0.1 --trusted-ip 服务=10.0.0.2 --callback-url http://a/ --callback-url http://b/`;
    expect(parseCommandLine(line.split(' '))).toMatchObject({
      kind: 'self-built',
      callbackUrls: ['http://a/', 'http://b/'],
      apps: [
        {
          ...{ name: '销售', accounts: ['售前', '大客户'], trustedIps: ['10.0.0.1'] },
          ...{ corpSecret: 'secret-1', token: 'tok1', encodingAESKey: key },
        },
        {
          ...{ name: '服务', accounts: ['售后'], trustedIps: ['10.0.0.1', '10.0.0.2'] },
          corpSecret: 'secret-2',
        },
      ],
    });
  });

  it.each([
    ['--kind cloud', '--kind must be one of self-built, built-in, stand-alone, not "cloud"'],
    ['--kind built-in --app a=b', '--app is for --kind self-built alone'],
    ['--kind stand-alone --trusted-ip 10.0.0.1', '--trusted-ip is not for --kind stand-alone'],
    ['--app a=b --app c=b', 'b is an account of two apps'],
    ['--app a=b --app a=c', 'there are two apps a'],
    ['--app =b', '--app must be NAME=ACCOUNT,…, not "=b"'],
    ['--app a=b --trusted-ip c=10.0.0.1', '--trusted-ip names the app c, which is not there'],
    ['--secret secret-1 --secret secret-2', '--secret stands there more often than there are apps'],
  ])('refuses %s', (line, message) => {
    expect(() => parseCommandLine(line.split(' '))).toThrow(message);
  });

  it.each([
    '',
    '--app 销售=售前,大客户 --app 服务=售后 --app 财务 --account 人工 --trusted-ip 10.0.0.1 --trusted-ip 服务=10.0.0.2',
    '--kind built-in --account 一号 --trusted-ip 10.0.0.1',
    '--kind stand-alone',
  ])('is told so that the same comes again: %s', async (line) => {
    const argsOf = (text: string) => text.split(' ').filter(Boolean);
    const options = (args: readonly string[]) => ({ ...parseCommandLine(args), port: 0 });
    const simulator = await start(options(argsOf(line)));
    const text = welcome(simulator, hereIn(process.cwd()), argsOf(line));
    const [, again = ''] = /The same again: npm run simulator -- (.*)/.exec(text) ?? [];
    const before = toView(simulator);
    await client?.close();
    const after = toView(await start(options(argsOf(again.replaceAll("'", '')))));
    expect([after.kind, after.corpId, after.apps]).toEqual([before.kind, before.corpId, before.apps]);
    expect(new Set(after.accounts)).toEqual(new Set(before.accounts));
  });
});
