/** The states of a session at the local WeCom (94669), and what servicers do to it. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SimulatorClient } from '../../../test/support/simulator.js';

let client: SimulatorClient;

beforeEach(async () => {
  client = await SimulatorClient.start();
});

afterEach(() => client.close());

const ids = () => ({ open_kfid: client.openKfId, external_userid: client.customerId });
const state = async () => (await client.call('kf/service_state/get', ids())).service_state;
const trans = (service_state: number, servicer_userid?: string) =>
  client.call('kf/service_state/trans', { ...ids(), service_state, servicer_userid });
const servicer = (action: string, fields: object = {}) => client.command('servicer', { action, ...fields });
const lastEvent = async () => (await client.sync()).msg_list.at(-1).event;

it('begins at 4, is 0 when the customer writes, and 4 again after 48 h', async () => {
  client.simulator.corp.enter(client.openKfId, client.customerId);
  expect(await state()).toBe(4);
  client.simulator.say('hi');
  expect(await state()).toBe(0);
  await client.clock.advance(48 * 3_600_000);
  expect(await state()).toBe(4);
});

describe('by the API', () => {
  /** How a session gets there. */
  const PATHS: Readonly<Record<number, readonly number[]>> = { 0: [], 1: [1], 2: [2], 3: [3] };

  it.each([
    [0, [1, 2, 3]],
    [1, [2, 3]],
    [2, [3]],
    [3, [3, 4]],
  ])('goes from %d to %j only', async (from, allowed) => {
    for (const to of [0, 1, 2, 3, 4]) {
      await client.close();
      client = await SimulatorClient.start();
      client.simulator.say('hi');
      for (const step of PATHS[from] ?? []) await trans(step, 'zhangsan');
      const { errcode } = await trans(to, 'lisi');
      expect([from, to, errcode]).toEqual([from, to, allowed.includes(to) ? 0 : 95016]);
    }
  });

  it('does not leave an ended session', async () => {
    expect((await trans(1)).errcode).toBe(95013);
  });

  it('needs a servicer, who is one', async () => {
    client.simulator.say('hi');
    expect((await trans(3)).errcode).toBe(40058);
    expect((await trans(3, 'nobody')).errcode).toBe(95014);
    expect((await trans(3, 'zhangsan')).errcode).toBe(0);
    expect(await client.call('kf/service_state/get', ids())).toMatchObject({
      service_state: 3,
      servicer_userid: 'zhangsan',
    });
  });

  it('gives a code to say something with, while the session stays there', async () => {
    client.simulator.say('hi');
    const { msg_code } = await trans(2);
    const say = (code: string, msgtype = 'text') =>
      client.call('kf/send_msg_on_event', { code, msgtype, [msgtype]: { content: 'Please wait' } });
    expect((await say(msg_code, 'msgmenu')).errcode).toBe(40008);
    expect((await say(msg_code)).errcode).toBe(0);
    const { msg_code: taken } = await trans(3, 'zhangsan');
    await trans(4);
    expect((await say(taken)).errcode).toBe(95018);
  });
});

describe('by a servicer', () => {
  it('is taken over, handed on and ended, each told as an event', async () => {
    client.simulator.say('hi');
    await trans(2);
    await servicer('take', { userid: 'zhangsan' });
    expect(await lastEvent()).toMatchObject({
      change_type: 1,
      new_servicer_userid: 'zhangsan',
      msg_code: expect.any(String),
    });
    await servicer('take', { userid: 'lisi' });
    expect(await lastEvent()).toMatchObject({
      change_type: 2,
      old_servicer_userid: 'zhangsan',
      new_servicer_userid: 'lisi',
    });
    await servicer('end');
    expect(await lastEvent()).toMatchObject({
      event_type: 'session_status_change',
      change_type: 3,
      old_servicer_userid: 'lisi',
      msg_code: expect.any(String),
    });
    expect(await state()).toBe(4);
  });

  it('is taken up again by writing, which sync_msg gives with origin 5', async () => {
    client.simulator.corp.enter(client.openKfId, client.customerId);
    await servicer('say', { content: 'Anything else?' });
    const { msg_list } = await client.sync();
    expect(msg_list.at(-2).event).toMatchObject({ change_type: 4, new_servicer_userid: 'zhangsan' });
    expect(msg_list.at(-1)).toMatchObject({
      origin: 5,
      servicer_userid: 'zhangsan',
      text: { content: 'Anything else?' },
    });
    expect(await state()).toBe(3);
    expect((await client.sendText()).errcode).toBe(95001);
  });

  it('is not theirs while the bot has it', async () => {
    client.simulator.say('hi');
    expect((await servicer('say', { content: 'me' })).status).toBe(400);
    expect((await servicer('end')).status).toBe(400);
  });
});
