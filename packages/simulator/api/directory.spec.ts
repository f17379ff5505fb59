/** Accounts and customers of the local WeCom (94661, 95159). */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { SimulatorClient } from '../../../test/support/simulator.js';

let client: SimulatorClient;

beforeEach(async () => {
  client = await SimulatorClient.start({ corpId: 'wwfixed', accounts: ['一号', '二号', '三号'] });
});

afterEach(() => client.close());

const batchget = (fields: object) => client.call('kf/customer/batchget', fields);

it('lists the accounts, page by page', async () => {
  const { account_list } = await client.call('kf/account/list', { offset: 1, limit: 1 });
  expect(account_list).toEqual([
    { open_kfid: client.simulator.accounts[1]?.openKfId, name: '二号', avatar: '', manage_privilege: true },
  ]);
  expect((await client.call('kf/account/list')).account_list).toHaveLength(3);
  expect((await client.call('kf/account/list', { limit: 101 })).errcode).toBe(40058);
});

it('has the same ids for the same names when it starts again', async () => {
  const before = [client.simulator.accounts, client.customerId];
  await client.close();
  client = await SimulatorClient.start({ corpId: 'wwfixed', accounts: ['一号', '二号', '三号'] });
  expect([client.simulator.accounts, client.customerId]).toEqual(before);
  expect(client.openKfId).toMatch(/^wk[\w-]{30}$/);
});

it('knows a customer for 48 h after they came in or wrote', async () => {
  const ids = [client.customerId, 'zhangsan'];
  expect(await batchget({ external_userid_list: ids })).toMatchObject({
    customer_list: [],
    invalid_external_userid: ids,
  });
  client.simulator.say('hi');
  expect(await batchget({ external_userid_list: ids })).toEqual({
    errcode: 0,
    errmsg: 'ok',
    customer_list: [
      { external_userid: client.customerId, nickname: '张三', avatar: '', gender: 0, unionid: '' },
    ],
    invalid_external_userid: ['zhangsan'],
  });
  await client.clock.advance(48 * 3_600_000);
  expect(await batchget({ external_userid_list: ids })).toMatchObject({ customer_list: [] });
});

it('tells how a customer came in, where that is asked for', async () => {
  client.simulator.corp.enter(client.openKfId, client.customerId, 'shop', 'a=1');
  const { customer_list } = await batchget({
    external_userid_list: [client.customerId],
    need_enter_session_context: 1,
  });
  expect(customer_list[0].enter_session_context).toEqual({ scene: 'shop', scene_param: 'a=1' });
});

it.each([[[]], [Array(101).fill('wm1')], ['wm1'], [undefined]])(
  'refuses the ids %j',
  async (external_userid_list) => {
    expect((await batchget({ external_userid_list })).errcode).toBe(40058);
  },
);
