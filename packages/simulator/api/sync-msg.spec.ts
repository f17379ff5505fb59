/** sync_msg of the local WeCom (94670). */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CallbackReceiver } from '../../../test/support/callback-receiver.js';
import { SimulatorClient } from '../../../test/support/simulator.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
let client: SimulatorClient;

beforeEach(async () => {
  client = await SimulatorClient.start({ accounts: ['一号', '二号'] });
});

afterEach(() => client.close());

const contents = (messages: readonly { text?: { content: string } }[]) =>
  messages.map(({ text }) => text?.content);

it('gives what a customer wrote, as WeCom has it', async () => {
  const msgid = client.simulator.say('你好');
  expect(await client.sync()).toEqual({
    errcode: 0,
    errmsg: 'ok',
    next_cursor: expect.stringMatching(/^.{1,64}$/),
    has_more: 0,
    msg_list: [
      {
        msgid,
        open_kfid: client.openKfId,
        external_userid: client.customerId,
        send_time: client.clock.nowMs() / 1_000,
        origin: 3,
        msgtype: 'text',
        text: { content: '你好' },
      },
    ],
  });
});

it('gives an event, whose ids stand inside', async () => {
  client.simulator.corp.enter(client.openKfId, client.customerId, 'from-the-shop', 'a=1');
  const { msg_list } = await client.sync();
  expect(msg_list).toEqual([
    {
      msgid: expect.any(String),
      send_time: expect.any(Number),
      origin: 4,
      msgtype: 'event',
      event: {
        event_type: 'enter_session',
        open_kfid: client.openKfId,
        external_userid: client.customerId,
        scene: 'from-the-shop',
        scene_param: 'a=1',
        welcome_code: expect.any(String),
      },
    },
  ]);
});

it('keeps the accounts apart', async () => {
  const other = client.simulator.accounts[1]?.openKfId ?? '';
  client.simulator.say('for the first');
  client.simulator.say('for the second', { openKfId: other });
  expect(contents((await client.sync({ open_kfid: other })).msg_list)).toEqual(['for the second']);
});

it('does not give what a bot has sent', async () => {
  client.simulator.say('hi');
  await client.sendText();
  expect((await client.sync()).msg_list).toHaveLength(1);
});

describe('the cursor', () => {
  it('goes on where the last call ended, page by page', async () => {
    for (const content of ['1', '2', '3']) client.simulator.say(content);
    const first = await client.sync({ limit: 2 });
    expect([contents(first.msg_list), first.has_more]).toEqual([['1', '2'], 1]);
    const second = await client.sync({ cursor: first.next_cursor });
    expect([contents(second.msg_list), second.has_more]).toEqual([['3'], 0]);
    const third = await client.sync({ cursor: second.next_cursor });
    expect([third.msg_list, third.has_more]).toEqual([[], 0]);
    client.simulator.say('4');
    expect(contents((await client.sync({ cursor: third.next_cursor })).msg_list)).toEqual(['4']);
  });

  it('takes nothing away from another consumer', async () => {
    client.simulator.say('1');
    const first = await client.sync();
    expect((await client.sync()).msg_list).toEqual(first.msg_list);
  });

  it('of an earlier run stands before everything of this one', async () => {
    const { next_cursor } = await client.sync();
    const identity = { corpId: client.simulator.corpId, accounts: ['一号'] };
    await client.close();
    client = await SimulatorClient.start(identity);
    client.simulator.say('after the restart');
    expect(contents((await client.sync({ cursor: next_cursor })).msg_list)).toEqual(['after the restart']);
  });

  it.each(['not-one-of-ours', 'c'.repeat(65)])('is refused when it is %s', async (cursor) => {
    expect((await client.sync({ cursor })).errcode).toBe(40058);
  });
});

it('refuses every cursor where that is switched on, and begins without one', async () => {
  client.simulator.say('1');
  const { next_cursor: cursor } = await client.sync();
  client.simulator.faults.refuseCursors = true;
  expect((await client.sync({ cursor })).errcode).toBe(40058);
  expect(contents((await client.sync()).msg_list)).toEqual(['1']);
});

it('gives messages before its cursor once more where that is switched on', async () => {
  for (const content of ['1', '2', '3']) client.simulator.say(content);
  const { next_cursor: cursor } = await client.sync({ limit: 2 });
  client.simulator.faults.repeatedMessages = 1;
  expect(contents((await client.sync({ cursor, limit: 1 })).msg_list)).toEqual(['2', '3']);
});

it('reaches back three days', async () => {
  client.simulator.say('old');
  await client.clock.advance(DAY_MS);
  client.simulator.say('new');
  await client.clock.advance(2 * DAY_MS);
  expect(contents((await client.sync()).msg_list)).toEqual(['new']);
});

it.each([
  [{ open_kfid: '' }, 40058, 'missing open_kfid'],
  [{ open_kfid: 'wkOther' }, 95000, 'invalid open_kfid'],
  [{ limit: 1_001 }, 40058, 'limit out of range'],
  [{ voice_format: 2 }, 40058, 'voice_format out of range'],
  [{ token: 't'.repeat(129) }, 40058, 'token exceed max length 128'],
  [{ open_kfid: 7 }, 40058, 'Warning: wrong json format. missing open_kfid'],
])('answers %j with %d %s', async (fields, errcode, text) => {
  const answer = await client.sync(fields);
  expect(answer.errcode).toBe(errcode);
  expect(answer.errmsg).toContain(text);
});

it('takes what is no JSON for nothing, with a warning', async () => {
  const url = `${client.simulator.url}/cgi-bin/kf/sync_msg?access_token=${await client.accessToken()}`;
  const response = await fetch(url, { method: 'POST', body: '{"open_kfid"' });
  expect(await response.json()).toMatchObject({
    errcode: 40058,
    errmsg: expect.stringContaining('Warning: wrong json format. missing open_kfid'),
  });
});

describe('without the token of an event', () => {
  const errcodes = async (calls: number, token = ''): Promise<number[]> => {
    const all: number[] = [];
    for (let call = 0; call < calls; call += 1) all.push((await client.sync({ token })).errcode);
    return all;
  };

  it('ten calls in a minute are answered, and then none for a minute', async () => {
    expect(await errcodes(11)).toEqual([...Array(10).fill(0), 45009]);
    await client.clock.advance(MINUTE_MS - 1);
    expect(await errcodes(1)).toEqual([45009]);
    await client.clock.advance(1);
    expect(await errcodes(1)).toEqual([0]);
  });

  it('a call every 6.1 s is never too often', async () => {
    for (let call = 0; call < 25; call += 1) {
      expect(await errcodes(1)).toEqual([0]);
      await client.clock.advance(6_700);
    }
  });

  it('calls with one are free of that for ten minutes', async () => {
    const receiver = await CallbackReceiver.start(client.simulator);
    const arrival = receiver.next();
    client.simulator.say('hi');
    const { syncToken } = await arrival;
    await errcodes(10);
    expect(await errcodes(12, syncToken)).toEqual(Array(12).fill(0));
    await client.clock.advance(10 * MINUTE_MS);
    expect(await errcodes(11, syncToken)).toEqual([...Array(10).fill(0), 45009]);
    await receiver.close();
  });
});
