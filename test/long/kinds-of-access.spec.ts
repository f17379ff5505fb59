/**
 * The kinds of access to customer service (docs/wecom-setup.md): a corp with several self-built apps, each a bot's, behind
 * one manager and one URL; and the stand-alone kind. On MongoDB in the nightly run alone.
 */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { decrypt } from '@wecom/crypto';
import type { CallRecord } from '../../packages/simulator/api/call-log.js';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../packages/simulator/simulator.js';
import type { BotCreatedAnswer } from '../../src/api/bots/bots.dto.js';
import { onEachStoreNightly } from '../support/each-store.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import type { Place } from '../support/place.js';
import { PullingBot } from '../support/pulling-bot.js';
import { type PuppetServer, postJson, startPuppetServer } from '../support/puppet-server.js';
import { until } from '../support/until.js';

const APPS = [
  { name: '销售', accounts: ['售前', '大客户'] },
  { name: '服务', accounts: ['售后'] },
  { name: '社区', accounts: ['会员'] },
];
const COUNT = 6;

/** Of `kf/send_msg` through the manager. */
interface Sent {
  readonly errcode: number;
}

class Site {
  private constructor(
    private readonly place: Place,
    readonly wecom: Simulator,
    private readonly env: Readonly<Record<string, string>>,
    public manager: ManagerProcess,
  ) {}

  static async start(place: Place, options: SimulatorOptions): Promise<Site> {
    const wecom = await startSimulator(options);
    const env = {
      ...place.env,
      SECRETS_KEY: randomBytes(32).toString('base64'),
      WECOM_API_URL: wecom.url,
      ACCESS_TOKEN_URL: `${wecom.url}/cgi-bin/gettoken`,
    };
    return new Site(place, wecom, env, await startManager(env));
  }

  appOf(name: string) {
    const app = this.wecom.apps.find((one) => one.name === name);
    if (app === undefined) throw new Error(`there is no app ${name}`);
    return app;
  }

  idOf(name: string): string {
    return this.wecom.accounts.find((account) => account.name === name)?.openKfId ?? '';
  }

  get callbackUrl(): string {
    return `${this.manager.url}/callback/${this.wecom.corpId}`;
  }

  /** As an operator does it: the app at the manager, and then its URL at WeCom, the same for each. */
  async connectApps(): Promise<void> {
    const { corpId, apps } = this.wecom;
    for (const { name, callback } of apps) {
      const { token, encodingAESKey } = callback;
      const answer = await postJson(`${this.manager.url}/api/v1/apps`, {
        corpId,
        name,
        token,
        encodingAESKey,
      });
      expect(answer.status).toBe(200);
    }
    await this.saveUrls();
  }

  async saveUrls(): Promise<void> {
    for (const app of this.wecom.apps)
      expect(await this.wecom.saveCallback({ ...app.callback, url: this.callbackUrl }, app)).toMatchObject({
        isVerified: true,
      });
  }

  /** Kills the manager and starts it again elsewhere, as WeCom is told. */
  async restart(bots: readonly PullingBot[]): Promise<void> {
    await this.manager.stop('SIGKILL');
    this.manager = await startManager(this.env);
    await this.saveUrls();
    for (const bot of bots) bot.base = bot.base.replace(/^http:\/\/[^/]+/, this.manager.url);
  }

  /** A bot of the app's accounts, or of those that are named. */
  async addBot(bot: PullingBot, appName: string, fields: object = {}): Promise<BotCreatedAnswer> {
    const { corpId } = this.wecom;
    const { corpSecret, openKfIds } = this.appOf(appName);
    const answer = await postJson(`${this.manager.url}/api/v1/bots`, {
      ...{ name: appName, corpId, corpSecret, openKfIds: [...openKfIds], kind: 'callback' },
      callback: { url: `${bot.server.url}/wxkf/` },
      ...fields,
    });
    const added = (await answer.json()) as BotCreatedAnswer;
    if (answer.status !== 200) throw new Error(JSON.stringify(added));
    bot.server.keys = { token: added.token ?? '', encodingAESKey: added.encodingAESKey ?? '' };
    bot.base = `${this.manager.url}/bot/${added.key}/cgi-bin`;
    bot.credentials = { corpid: corpId, corpsecret: corpSecret };
    return added;
  }

  /** With the token of the app's own Secret. */
  async call(base: string, appName: string, api: string, body: object): Promise<Sent> {
    const { corpSecret } = this.appOf(appName);
    const query = new URLSearchParams({ corpid: this.wecom.corpId, corpsecret: corpSecret });
    const { access_token } = (await (await fetch(`${base}/gettoken?${query}`)).json()) as {
      readonly access_token: string;
    };
    return (await (await postJson(`${base}/${api}?access_token=${access_token}`, body)).json()) as Sent;
  }

  send(base: string, appName: string, account: string): Promise<Sent> {
    const to = { touser: this.wecom.firstCustomerId, open_kfid: this.idOf(account) };
    return this.call(base, appName, 'kf/send_msg', {
      ...to,
      msgtype: 'text',
      text: { content: `${account}的答复` },
    });
  }

  say(account: string, text: string): void {
    this.wecom.say(text, { openKfId: this.idOf(account) });
  }

  /** All that was sent to customers, as `[account, text]`. */
  get replies(): readonly (readonly [string | undefined, unknown])[] {
    return this.wecom.corp.chat.messages
      .filter(({ from }) => from === 'bot')
      .map(({ openKfId, body }) => [
        this.wecom.accounts.find((account) => account.openKfId === openKfId)?.name,
        body.content,
      ]);
  }

  async close(): Promise<void> {
    await this.manager.stop();
    await this.wecom.close();
    await this.place.discard();
  }
}

const numbered = (from: number) => Array.from({ length: COUNT }, (_, n) => String(from + n));

onEachStoreNightly((newPlace) => {
  let site: Site;
  let bots: PullingBot[];
  let puppet: PuppetServer;

  beforeEach(async () => {
    bots = await Promise.all([PullingBot.start(), PullingBot.start()]);
    puppet = await startPuppetServer();
  });

  afterEach(async () => {
    await Promise.all([...bots.map((bot) => bot.close()), puppet.close()]);
    await site.close();
  });

  /** Of an app's own puppet: what it was sent, opened by the app's own keys. */
  function openedByPuppet(appName: string): readonly string[] {
    return puppet.received.map(({ body }) => {
      const encrypted = /<Encrypt><!\[CDATA\[(.*?)]]>/.exec(body)?.[1] ?? '';
      const { message } = decrypt(site.appOf(appName).callback.encodingAESKey, encrypted);
      return /<OpenKfId><!\[CDATA\[(.*?)]]>/.exec(message)?.[1] ?? '';
    });
  }

  it('serves a corp with three self-built apps, a bot for each, behind one URL: nothing lost, twice or mixed up', async () => {
    site = await Site.start(newPlace(), { apps: APPS });
    await site.connectApps();
    const [sales, service] = bots as [PullingBot, PullingBot];
    service.habit = 'from where it was';
    await site.addBot(sales, '销售', { takes: 'message' });
    await site.addBot(service, '服务', { takes: 'event', api: 'manager' });
    const { corpId } = site.wecom;
    const { corpSecret, callback } = site.appOf('社区');
    const registration = {
      kfId: site.idOf('会员'),
      kfName: '会员',
      endpoint: puppet.url,
      corpId,
      corpSecret,
    };
    const { token, encodingAESKey } = callback;
    const register = () =>
      postJson(`${site.manager.url}/puppetWxkfManager/register`, { ...registration, token, encodingAESKey });
    expect((await register()).status).toBe(200);

    const sayAll = (texts: readonly string[]) => {
      for (const text of texts)
        for (const account of ['售前', '大客户', '售后', '会员']) site.say(account, text);
    };
    const isTold = () =>
      sales.given.length >= 2 * COUNT &&
      service.given.length >= COUNT &&
      new Set(openedByPuppet('社区')).size === 1;
    sayAll(numbered(1));
    await until(isTold);
    await site.restart(bots);
    sayAll(numbered(1 + COUNT));
    const all = [...numbered(1), ...numbered(1 + COUNT)];
    const textsOf = (bot: PullingBot, account: string) =>
      bot.given.filter(({ openKfId }) => openKfId === site.idOf(account)).map(({ text }) => text);
    await until(() =>
      [textsOf(sales, '售前'), textsOf(sales, '大客户'), textsOf(service, '售后')].every((texts) =>
        texts.includes(all.at(-1) ?? ''),
      ),
    );

    // The last one before the kill may come again: whether it was taken was not known.
    const unique = (texts: readonly string[]) => [...new Set(texts)];
    expect(unique(textsOf(sales, '售前'))).toEqual(all);
    expect(unique(textsOf(sales, '大客户'))).toEqual(all);
    expect(textsOf(service, '售后')).toEqual(all);
    expect(sales.given.length).toBeLessThanOrEqual(4 * COUNT + 2);
    expect(new Set(sales.given.map(({ openKfId }) => openKfId)).size).toBe(2);
    expect(new Set(service.given.map(({ openKfId }) => openKfId)).size).toBe(1);
    expect(unique(openedByPuppet('社区'))).toEqual([site.idOf('会员')]);

    const proxy = `${site.manager.url}/cgi-bin`;
    expect(await site.call(proxy, '社区', 'kf/sync_msg', { open_kfid: site.idOf('会员') })).toMatchObject({
      msg_list: all.map((content) => ({ text: { content } })),
    });
    await site.send(sales.base, '销售', '售前');
    await site.send(sales.base, '销售', '大客户');
    await site.send(service.base, '服务', '售后');
    await site.send(proxy, '社区', '会员');
    const accounts = ['售前', '大客户', '售后', '会员'];
    expect(site.replies).toEqual(accounts.map((account) => [account, `${account}的答复`]));

    const { records } = site.wecom.calls;
    expect(records.filter(({ api, errcode }) => api !== 'gettoken' && errcode !== 0)).toEqual([]);
    for (const record of records.filter(({ request }) => request.includes('open_kfid')))
      expect([record.api, record.app]).toEqual([record.api, appOfAccount(record)]);
    expect(new Set(records.map(({ app }) => app))).toEqual(new Set(['销售', '服务', '社区']));
  });

  function appOfAccount({ request }: CallRecord): string | undefined {
    const { open_kfid } = JSON.parse(request) as { readonly open_kfid: string };
    return site.wecom.apps.find(({ openKfIds }) => openKfIds.has(open_kfid))?.name;
  }

  it('tells the bot of another app nothing, and loses nothing of an account whose bot has the Secret of another app', async () => {
    site = await Site.start(newPlace(), { apps: APPS });
    await site.connectApps();
    const [sales, service] = bots as [PullingBot, PullingBot];
    await site.addBot(service, '服务', { takes: 'message' });
    const { corpSecret } = site.appOf('服务');
    const { id } = await site.addBot(sales, '销售', { takes: 'message', corpSecret });
    site.say('售前', 'with the wrong Secret');
    site.say('售后', 'with its own');
    await until(() => service.given.length === 1);
    await until(() =>
      site.wecom.calls.records.some(({ app, errcode }) => app === '服务' && errcode === 48002),
    );
    expect(sales.given).toEqual([]);
    expect(await site.send(`${site.manager.url}/cgi-bin`, '服务', '售前')).toMatchObject({ errcode: 48002 });

    const changed = await fetch(`${site.manager.url}/api/v1/bots/${id}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ corpSecret: site.appOf('销售').corpSecret }),
    });
    expect(changed.status).toBe(200);
    sales.credentials = { corpid: site.wecom.corpId, corpsecret: site.appOf('销售').corpSecret };
    site.say('售前', 'with the right one');
    await until(() => sales.given.length === 2);
    expect(sales.texts).toEqual(['with the wrong Secret', 'with the right one']);
    expect(service.texts).toEqual(['with its own']);
  });

  it('serves the stand-alone kind: one Secret and one URL for the accounts of two bots, no listed address', async () => {
    site = await Site.start(newPlace(), { kind: 'stand-alone', accounts: ['售前', '售后'] });
    await site.connectApps();
    const { name } = site.wecom.app;
    for (const [n, account] of ['售前', '售后'].entries())
      await site.addBot(bots[n] as PullingBot, name, {
        ...{ name: account, takes: 'message', openKfIds: [site.idOf(account)] },
      });
    for (const text of numbered(1)) for (const account of ['售前', '售后']) site.say(account, text);
    await until(() => bots.every((bot) => bot.given.length >= COUNT));
    for (const bot of bots) expect(bot.texts).toEqual(numbered(1));
    for (const [n, account] of ['售前', '售后'].entries())
      expect(await site.send((bots[n] as PullingBot).base, name, account)).toMatchObject({ errcode: 0 });
    expect(site.replies.map(([account]) => account)).toEqual(['售前', '售后']);
  });
});
