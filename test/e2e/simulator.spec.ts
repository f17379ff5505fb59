/** The local WeCom with the built manager between it and a bot. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decrypt } from '@wecom/crypto';
import { type Simulator, startSimulator } from '../../packages/simulator/simulator.js';
import { type ManagerProcess, startManager } from '../support/manager-process.js';
import { embeddedPlace } from '../support/place.js';
import { type PuppetServer, startPuppetServer } from '../support/puppet-server.js';

const SECRET = 'secret-of-all-puppets';
const HEADERS = { 'content-type': 'application/json', authorization: `Bearer ${SECRET}` };

describe('the local WeCom and the manager', () => {
  const place = embeddedPlace();
  let wecom: Simulator;
  let manager: ManagerProcess;
  let puppet: PuppetServer;

  beforeAll(async () => {
    wecom = await startSimulator();
    const urls = { WECOM_API_URL: wecom.url, ACCESS_TOKEN_URL: `${wecom.url}/cgi-bin/gettoken` };
    manager = await startManager({ ...place.env, ...urls, HOST: '127.0.0.1', AUTH_PUPPET_TOKEN: SECRET });
    puppet = await startPuppetServer();
  });

  afterAll(async () => {
    await manager.stop();
    await Promise.all([wecom.close(), puppet.close()]);
    await place.discard();
  });

  const post = (path: string, body: object) =>
    fetch(`${manager.url}/puppetWxkfManager/${path}`, {
      method: 'POST',
      headers: HEADERS,
      body: JSON.stringify(body),
    });

  const register = (corpSecret: string) =>
    post('register', {
      kfId: wecom.openKfId,
      kfName: '客服一号',
      endpoint: puppet.url,
      corpId: wecom.corpId,
      corpSecret,
      token: wecom.callback.token,
      encodingAESKey: wecom.callback.encodingAESKey,
    });

  const save = () =>
    wecom.saveCallback({ ...wecom.callback, url: `${manager.url}/callback/${wecom.corpId}` });

  const call = async (api: string, body: object) => {
    const { corpId: corpid, corpSecret: corpsecret } = wecom;
    const query = new URLSearchParams({ corpid, corpsecret });
    const response = await post(`wxkfRequestProxy/${api}?${query}`, body);
    // oxlint-disable-next-line typescript/no-explicit-any -- each API has its own fields, and the tests compare them.
    return (await response.json()) as any;
  };

  it('the callback URL verifies once the manager knows the keys', async () => {
    expect(await save()).toMatchObject({ isVerified: false, reason: 'bad-status' });
    expect((await register(wecom.corpSecret)).status).toBe(200);
    expect(await save()).toMatchObject({ isVerified: true });
  });

  it('what a customer writes reaches the puppet, and its reply the customer', async () => {
    const arrival = puppet.next();
    wecom.say('你好');
    const { body } = await arrival;
    const encrypted = /<Encrypt><!\[CDATA\[(.*?)]]>/.exec(body)?.[1] ?? '';
    const xml = decrypt(wecom.callback.encodingAESKey, encrypted).message;
    const token = /<Token><!\[CDATA\[(.*?)]]>/.exec(xml)?.[1];
    const { msg_list } = await call('kf/sync_msg', { open_kfid: wecom.openKfId, token });
    expect(msg_list).toMatchObject([{ origin: 3, text: { content: '你好' } }]);
    const reply = wecom.nextReply();
    const { external_userid: touser, open_kfid } = msg_list[0];
    expect(
      await call('kf/send_msg', { touser, open_kfid, msgtype: 'text', text: { content: '您好' } }),
    ).toMatchObject({
      errcode: 0,
    });
    expect(await reply).toMatchObject({ body: { content: '您好' } });
  });

  it('a customer is read and answered by the calls that docs/reference/protocol.md prints', async () => {
    const page = readFileSync('docs/reference/protocol.md', 'utf8');
    const [example = ''] = page.split('**Step by step**')[1]?.split('\n### ') ?? [];
    const [pull, reply] = [...example.matchAll(/-d '(\{.*\})'/g)].map(([, body = '']) => JSON.parse(body));
    const [, pulled, replied] = [...example.matchAll(/```json\n(.*?)```/gs)].map(([, body = '']) =>
      JSON.parse(body),
    );
    const { open_kfid, cursor } = { open_kfid: wecom.openKfId, cursor: '' };
    wecom.say('hello');
    const first = await call('kf/sync_msg', { ...pull, open_kfid, token: '', cursor });
    const message = first.msg_list.at(-1);
    expect(Object.keys(first).sort()).toEqual(Object.keys(pulled).sort());
    expect(Object.keys(message).sort()).toEqual(Object.keys(pulled.msg_list[0]).sort());
    expect(message).toMatchObject({ origin: 3, msgtype: 'text', text: { content: 'hello' } });
    const sent = { ...reply, touser: message.external_userid, open_kfid };
    expect(await call('kf/send_msg', sent)).toEqual(replied);
    const next = { ...pull, open_kfid, token: '', cursor: first.next_cursor };
    expect((await call('kf/sync_msg', next)).msg_list).toEqual([]);
    // What a bot that has lost its cursor is told.
    const again = await call('kf/sync_msg', { ...pull, open_kfid, token: '', cursor });
    expect(again.msg_list).toEqual(first.msg_list);
  });

  it('a token that was revoked is replaced, and nobody notices', async () => {
    expect(wecom.revokeAccessToken()).toBe(true);
    expect(await call('kf/account/list', {})).toMatchObject({
      errcode: 0,
      account_list: [{ open_kfid: wecom.openKfId }],
    });
    expect(wecom.calls.records.slice(-3).map(({ api, errcode }) => [api, errcode])).toEqual([
      ['kf/account/list', 40014],
      ['gettoken', 0],
      ['kf/account/list', 0],
    ]);
  });

  it('what is not played comes back as such', async () => {
    const { errcode, errmsg } = await call('kf/knowledge/list_group', {});
    expect([errcode, errmsg]).toEqual([404, expect.stringContaining('does not play')]);
  });
});
