/** Who serves an account of the local WeCom, and who of them is at work (94645, 94646, 94647). */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { SimulatorClient } from '../../../test/support/simulator.js';

let client: SimulatorClient;

beforeEach(async () => {
  client = await SimulatorClient.start({ accounts: ['一号', '二号'] });
});

afterEach(() => client.close());

async function list(openKfId = client.openKfId) {
  const query = new URLSearchParams({ access_token: await client.accessToken(), open_kfid: openKfId });
  const response = await fetch(`${client.simulator.url}/cgi-bin/kf/servicer/list?${query}`);
  const { errcode, servicer_list } = (await response.json()) as Record<string, unknown>;
  return errcode === 0 ? servicer_list : errcode;
}
const change = (api: 'add' | 'del', userid_list: unknown) =>
  client.call(`kf/servicer/${api}`, { open_kfid: client.openKfId, userid_list });
const setStatus = (status: string, userid = 'lisi') => client.command('servicer-status', { userid, status });

it('lists those of one account by GET', async () => {
  expect(await list()).toEqual([
    { userid: 'zhangsan', status: 0 },
    { userid: 'lisi', status: 0 },
  ]);
  expect(await list('wkNone')).toBe(95000);
});

it('adds and removes some of one account, and ignores what was so before', async () => {
  expect((await change('add', ['wangwu', 'lisi'])).result_list).toEqual([
    { userid: 'wangwu', errcode: 0, errmsg: 'success' },
    { userid: 'lisi', errcode: 0, errmsg: 'ignored' },
  ]);
  expect((await change('del', ['zhangsan', 'nobody'])).result_list).toEqual([
    { userid: 'zhangsan', errcode: 0, errmsg: 'success' },
    { userid: 'nobody', errcode: 0, errmsg: 'ignored' },
  ]);
  expect(await list()).toMatchObject([{ userid: 'lisi' }, { userid: 'wangwu' }]);
  expect(await list(client.simulator.accounts[1]?.openKfId)).toMatchObject([
    { userid: 'zhangsan' },
    { userid: 'lisi' },
  ]);
});

it.each([[[]], [Array(101).fill('u')], [undefined]])('refuses to add %j', async (userids) => {
  expect((await change('add', userids)).errcode).toBe(40058);
});

it('tells of each change of a status, with its own numbers', async () => {
  await setStatus('suspended');
  expect(await list()).toMatchObject([{ status: 0 }, { userid: 'lisi', status: 1, stop_type: 1 }]);
  await setStatus('suspended');
  await setStatus('stopped');
  await setStatus('serving');
  const { msg_list } = await client.sync();
  const ids = { event_type: 'servicer_status_change', servicer_userid: 'lisi', open_kfid: client.openKfId };
  expect(msg_list.map(({ event }: { readonly event: object }) => event)).toEqual([
    { ...ids, status: 2, stop_type: 1 },
    { ...ids, status: 2, stop_type: 0 },
    { ...ids, status: 1 },
  ]);
  expect((await setStatus('serving', 'nobody')).status).toBe(400);
  expect((await setStatus('asleep')).status).toBe(400);
});
