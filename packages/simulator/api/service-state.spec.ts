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
const servicer = async (action: string, fields: object = {}) =>
  (await client.command('servicer', { action, ...fields })).status;
const stop = (userid: string) => client.command('servicer-status', { userid, status: 'stopped' });
const sayOnEvent = async (code: string, msgtype = 'text') =>
  (await client.call('kf/send_msg_on_event', { code, msgtype, [msgtype]: { content: 'Please wait' } }))
    .errcode;
const HOUR_MS = 3_600_000;
const lastEvent = async () => (await client.sync()).msg_list.at(-1).event;

it('begins at 4, is 0 when the customer writes, and 4 again after 48 h', async () => {
  client.simulator.corp.enter(client.openKfId, client.customerId);
  expect(await state()).toBe(4);
  client.simulator.say('hi');
  expect(await state()).toBe(0);
  await client.clock.advance(48 * HOUR_MS);
  expect(await state()).toBe(4);
});

it.each([1, 2, 3])('stays %d when the customer writes on', async (to) => {
  client.simulator.say('hi');
  await trans(to, 'zhangsan');
  client.simulator.say('and another thing');
  expect(await state()).toBe(to);
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

  it('needs a servicer, who is one and at work', async () => {
    client.simulator.say('hi');
    expect((await trans(3)).errcode).toBe(40058);
    expect((await trans(3, 'nobody')).errcode).toBe(95014);
    await stop('lisi');
    expect((await trans(3, 'lisi')).errcode).toBe(95014);
    expect((await trans(3, 'zhangsan')).errcode).toBe(0);
    expect(await client.call('kf/service_state/get', ids())).toMatchObject({
      service_state: 3,
      servicer_userid: 'zhangsan',
    });
  });

  it('gives a person who has the customer to another person only', async () => {
    client.simulator.say('hi');
    await trans(3, 'zhangsan');
    expect((await trans(3, 'zhangsan')).errcode).toBe(95016);
  });

  it('is told by no event', async () => {
    client.simulator.say('hi');
    await trans(2);
    await trans(3, 'zhangsan');
    await trans(4);
    expect((await client.sync()).msg_list).toHaveLength(1);
  });
});

describe('a code that comes with a state', () => {
  beforeEach(() => void client.simulator.say('hi'));

  it('is given for the pool, for the first person and for the end', async () => {
    const code = { msg_code: expect.any(String) };
    expect(await trans(1)).not.toHaveProperty('msg_code');
    expect(await trans(2)).toMatchObject(code);
    expect(await trans(3, 'zhangsan')).toMatchObject(code);
    expect(await trans(3, 'lisi')).not.toHaveProperty('msg_code');
    expect(await trans(4)).toMatchObject(code);
  });

  it('sends one text, and uses up none of the five messages', async () => {
    const { msg_code } = await trans(2);
    expect(await sayOnEvent(msg_code, 'msgmenu')).toBe(40008);
    expect(await sayOnEvent(msg_code)).toBe(0);
    expect(await sayOnEvent(msg_code)).toBe(95007);
    expect(client.simulator.corp.chat.messages.at(-1)).toMatchObject({ from: 'bot' });
    const view = await (await fetch(`${client.simulator.url}/simulator/view`)).json();
    expect(view).toMatchObject({ conversations: [{ sendsLeft: 5 }] });
  });

  it('is good only while the session stays there', async () => {
    const { msg_code: waiting } = await trans(2);
    const { msg_code: taken } = await trans(3, 'zhangsan');
    expect(await sayOnEvent(waiting)).toBe(95018);
    await trans(4);
    expect(await sayOnEvent(taken)).toBe(95018);
  });

  it('is good for 48 h in the pool, which is as long as the session', async () => {
    const { msg_code } = await trans(2);
    await client.clock.advance(48 * HOUR_MS - 1);
    client.simulator.say('still here');
    await client.clock.advance(1);
    expect(await sayOnEvent(msg_code)).toBe(95007);
  });

  it('is good for 20 s after the end, for a menu as well', async () => {
    await trans(3, 'zhangsan');
    const { msg_code } = await trans(4);
    await client.clock.advance(19_999);
    expect(await sayOnEvent(msg_code, 'image')).toBe(40008);
    const menu = { msgtype: 'msgmenu', msgmenu: { head_content: 'Were you helped?', list: [] } };
    expect((await client.call('kf/send_msg_on_event', { code: msg_code, ...menu })).errcode).toBe(0);
    client.simulator.say('hi again');
    await trans(3, 'zhangsan');
    const { msg_code: late } = await trans(4);
    await client.clock.advance(20_000);
    expect(await sayOnEvent(late)).toBe(95007);
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
    await servicer('handOver', { to: 'lisi' });
    const handedOver = await lastEvent();
    expect(handedOver).toMatchObject({
      change_type: 2,
      old_servicer_userid: 'zhangsan',
      new_servicer_userid: 'lisi',
    });
    expect(handedOver).not.toHaveProperty('msg_code');
    await servicer('end');
    const ended = await lastEvent();
    expect(ended).toMatchObject({
      event_type: 'session_status_change',
      change_type: 3,
      old_servicer_userid: 'lisi',
      msg_code: expect.any(String),
    });
    expect(await state()).toBe(4);
    expect(await sayOnEvent(ended.msg_code)).toBe(0);
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

  it('is taken up again by whoever handed it over, or wrote before it ended', async () => {
    client.simulator.say('hi');
    await servicer('take', { userid: 'zhangsan' });
    await servicer('handOver', { to: 'lisi' });
    const again = { change_type: 4, old_servicer_userid: 'lisi', new_servicer_userid: 'zhangsan' };
    await servicer('say', { userid: 'zhangsan', content: 'One more thing' });
    expect((await client.sync()).msg_list.at(-2).event).toMatchObject(again);
    await servicer('end');
    await servicer('say', { userid: 'lisi', content: 'Bye' });
    expect((await client.sync()).msg_list.at(-2).event).toMatchObject({
      change_type: 4,
      old_servicer_userid: 'zhangsan',
      new_servicer_userid: 'lisi',
    });
  });

  it('is not theirs while the bot has it', async () => {
    client.simulator.say('hi');
    expect(await servicer('say', { content: 'me' })).toBe(400);
    expect(await servicer('end')).toBe(400);
    expect(await servicer('handOver', { to: 'lisi' })).toBe(400);
  });

  it('is not theirs while a colleague has it', async () => {
    client.simulator.say('hi');
    await servicer('take', { userid: 'zhangsan' });
    expect(await servicer('take', { userid: 'lisi' })).toBe(400);
    expect(await servicer('say', { userid: 'lisi', content: 'me' })).toBe(400);
    expect(await servicer('end', { userid: 'lisi' })).toBe(400);
  });

  it('is neither taken by nor handed over to somebody who has stopped', async () => {
    client.simulator.say('hi');
    await stop('lisi');
    expect(await servicer('take', { userid: 'lisi' })).toBe(400);
    await servicer('take', { userid: 'zhangsan' });
    expect(await servicer('handOver', { to: 'lisi' })).toBe(400);
    await stop('zhangsan');
    expect(await servicer('say', { content: 'I am still here' })).toBe(200);
    expect(await servicer('end')).toBe(200);
  });

  it('loses what a servicer takes back, which is told', async () => {
    client.simulator.say('hi');
    await servicer('take');
    const answer = await client.command('servicer', { action: 'say', content: 'oops' });
    const { msgid } = (await answer.json()) as { readonly msgid: string };
    await client.command('recall', { msgid });
    expect(await lastEvent()).toMatchObject({
      event_type: 'servicer_recall_msg',
      recall_msgid: msgid,
      servicer_userid: 'zhangsan',
      external_userid: client.customerId,
    });
  });
});
