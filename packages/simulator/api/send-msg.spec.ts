/** send_msg and send_msg_on_event of the local WeCom (94677, 95122). */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PNG, SimulatorClient } from '../../../test/support/simulator.js';

const HOUR_MS = 3_600_000;
let client: SimulatorClient;

beforeEach(async () => {
  client = await SimulatorClient.start();
});

afterEach(() => client.close());

const errcodeOf = async (answer: Promise<{ errcode: number }>) => (await answer).errcode;

it('shows the customer what the bot sends', async () => {
  client.simulator.say('hi');
  const reply = client.simulator.nextReply();
  expect(await client.sendText('hello', { msgid: 'my-id_1' })).toEqual({
    errcode: 0,
    errmsg: 'ok',
    msgid: 'my-id_1',
  });
  expect(await reply).toMatchObject({
    from: 'bot',
    externalUserId: client.customerId,
    msgtype: 'text',
    body: { content: 'hello' },
  });
});

describe('how much may be sent', () => {
  it('is nothing to a customer who never wrote', async () => {
    client.simulator.corp.enter(client.openKfId, client.customerId);
    expect(await errcodeOf(client.sendText())).toBe(95001);
  });

  it('is five messages until the customer writes again', async () => {
    client.simulator.say('hi');
    for (let sent = 0; sent < 5; sent += 1) expect(await errcodeOf(client.sendText())).toBe(0);
    const answer = await client.sendText();
    expect(answer).toMatchObject({
      errcode: 95001,
      errmsg: expect.stringMatching(/^send msg count limit, hint/),
    });
    client.simulator.say('more');
    expect(await errcodeOf(client.sendText())).toBe(0);
  });

  it('ends 48 h after the customer wrote', async () => {
    client.simulator.say('hi');
    await client.clock.advance(48 * HOUR_MS - 1);
    expect(await errcodeOf(client.sendText())).toBe(0);
    await client.clock.advance(1);
    expect(await errcodeOf(client.sendText())).toBe(95002);
  });

  it('is not used up by what was refused', async () => {
    client.simulator.say('hi');
    for (let refused = 0; refused < 6; refused += 1) await client.sendText('');
    expect(await errcodeOf(client.sendText())).toBe(0);
  });

  it('is nothing while a servicer has the customer, in the words of WeCom', async () => {
    client.simulator.say('hi');
    await client.call('kf/service_state/trans', {
      open_kfid: client.openKfId,
      external_userid: client.customerId,
      service_state: 3,
      servicer_userid: 'zhangsan',
    });
    const answer = await client.sendText();
    expect(answer).toMatchObject({
      errcode: 95018,
      errmsg: expect.stringMatching(/^send msg session status invalid, /),
    });
  });
});

describe('a msgid', () => {
  beforeEach(() => void client.simulator.say('hi'));

  it('is made up where none is given', async () => {
    const { msgid } = await client.sendText();
    expect(msgid).toMatch(/^[\w-]{1,32}$/);
  });

  it('is taken once in an account', async () => {
    expect(await errcodeOf(client.sendText('1', { msgid: 'same' }))).toBe(0);
    expect(await errcodeOf(client.sendText('2', { msgid: 'same' }))).toBe(40058);
  });

  it.each(['m'.repeat(33), 'with blank', '号'])('is refused when it is %j', async (msgid) => {
    expect(await errcodeOf(client.sendText('1', { msgid }))).toBe(40058);
  });
});

describe('a message', () => {
  beforeEach(() => void client.simulator.say('hi'));

  const menu = (count: number, item: object = { type: 'click', click: { id: '1', content: 'Yes' } }) => ({
    msgtype: 'msgmenu',
    msgmenu: { head_content: 'Well?', list: Array(count).fill(item), tail_content: 'Thanks' },
  });
  const location = { latitude: 23.1, longitude: 113.3, name: 'Tower', address: 'Road 1' };

  it.each([
    ['a text of 2048 bytes', { msgtype: 'text', text: { content: 'x'.repeat(2_048) } }],
    ['a menu of ten', menu(10)],
    ['a menu with a link', menu(1, { type: 'view', view: { url: 'https://example.com', content: 'Look' } })],
    ['a place', { msgtype: 'location', location }],
  ])('that is %s is taken', async (_what, message) => {
    expect(await errcodeOf(client.send(message))).toBe(0);
  });

  it.each([
    ['a text of 2049 bytes', { msgtype: 'text', text: { content: '字'.repeat(683) } }, 40058],
    ['an empty text', { msgtype: 'text', text: { content: '' } }, 40058],
    ['nothing under its type', { msgtype: 'text' }, 40058],
    ['of an unknown type', { msgtype: 'news', news: {} }, 40008],
    ['a picture that is not there', { msgtype: 'image', image: { media_id: 'nowhere' } }, 40007],
    ['a menu of eleven', menu(11), 95008],
    ['a menu of an unknown kind', menu(1, { type: 'fax', fax: {} }), 95009],
    ['a place beyond the pole', { msgtype: 'location', location: { ...location, latitude: 91 } }, 40058],
    ['for nobody', { touser: 'wmNobody', msgtype: 'text', text: { content: 'x' } }, 40096],
    ['of no account', { open_kfid: 'wkNone', msgtype: 'text', text: { content: 'x' } }, 95000],
  ])('that is %s is refused', async (_what, message, errcode) => {
    expect(await errcodeOf(client.send(message))).toBe(errcode);
  });

  it('may carry a file that was uploaded, for three days and as what it is', async () => {
    const { media_id } = await client.upload('image', PNG, 'a.png');
    expect(await errcodeOf(client.send({ msgtype: 'image', image: { media_id } }))).toBe(0);
    expect(await errcodeOf(client.send({ msgtype: 'voice', voice: { media_id } }))).toBe(40007);
    await client.clock.advance(72 * HOUR_MS);
    client.simulator.say('still there?');
    expect(await errcodeOf(client.send({ msgtype: 'image', image: { media_id } }))).toBe(40007);
  });

  it('that is a link has its title and text cut, never within a character', async () => {
    const { media_id } = await client.upload('image', PNG, 'a.png');
    const reply = client.simulator.nextReply();
    const link = {
      title: '题'.repeat(50),
      desc: 'd'.repeat(600),
      url: 'https://example.com',
      thumb_media_id: media_id,
    };
    expect(await errcodeOf(client.send({ msgtype: 'link', link }))).toBe(0);
    expect((await reply).body).toMatchObject({ title: '题'.repeat(42), desc: 'd'.repeat(512) });
  });

  it('to a customer who refuses it is taken, and its failure told later', async () => {
    await client.command('refuse', { externalUserId: client.customerId, isRefusing: true });
    expect(await errcodeOf(client.sendText('hello', { msgid: 'lost' }))).toBe(0);
    const { msg_list } = await client.sync();
    expect(msg_list.at(-1).event).toMatchObject({
      event_type: 'msg_send_fail',
      fail_msgid: 'lost',
      fail_type: 10,
    });
  });
});

it.each([4, 5, 6])(
  'that is to fail with fail_type %d is taken, and its failure told; the next one arrives',
  async (failType) => {
    client.simulator.say('hi');
    await client.command('fail-next', { failType });
    expect(await errcodeOf(client.sendText('1', { msgid: 'lost' }))).toBe(0);
    const { event } = (await client.sync()).msg_list.at(-1);
    expect(event).toMatchObject({ event_type: 'msg_send_fail', fail_msgid: 'lost', fail_type: failType });
    const reply = client.simulator.nextReply();
    await client.sendText('2');
    expect((await reply).body).toMatchObject({ content: '2' });
  },
);

describe('a welcome', () => {
  async function welcomeCode(): Promise<string | undefined> {
    client.simulator.corp.enter(client.openKfId, client.customerId);
    return (await client.sync()).msg_list.at(-1).event.welcome_code;
  }
  const welcome = (
    code: string | undefined,
    message: object = { msgtype: 'text', text: { content: 'Welcome' } },
  ) => errcodeOf(client.call('kf/send_msg_on_event', { code, ...message }));

  it('is sent once for its code', async () => {
    const code = await welcomeCode();
    const reply = client.simulator.nextReply();
    expect(await welcome(code)).toBe(0);
    expect((await reply).body).toMatchObject({ content: 'Welcome' });
    expect(await welcome(code)).toBe(95007);
  });

  it('is too late after 20 s', async () => {
    const code = await welcomeCode();
    await client.clock.advance(20_000);
    expect(await welcome(code)).toBe(95007);
  });

  it('is a text or a menu', async () => {
    const code = await welcomeCode();
    expect(await welcome(code, { msgtype: 'image', image: { media_id: 'x' } })).toBe(40008);
    expect(await welcome(code, { msgtype: 'msgmenu', msgmenu: { head_content: 'Welcome', list: [] } })).toBe(
      0,
    );
  });

  it('is given again only after 48 h, and not to who has written', async () => {
    await welcome(await welcomeCode());
    expect(await welcomeCode()).toBeUndefined();
    await client.clock.advance(48 * HOUR_MS);
    expect(await welcomeCode()).toEqual(expect.any(String));
    client.simulator.say('hi');
    expect(await welcomeCode()).toBeUndefined();
  });

  it('is WeCom’s own where the admin page has one, and then no bot’s', async () => {
    await client.command('native-welcome', { content: 'Hello from WeCom' });
    expect(await welcomeCode()).toBeUndefined();
    expect(client.simulator.corp.chat.messages.at(-1)).toMatchObject({
      from: 'system',
      body: { content: 'Hello from WeCom' },
    });
    await client.command('native-welcome', { content: '' });
    expect(await welcomeCode()).toBeUndefined();
    await client.clock.advance(48 * HOUR_MS);
    expect(await welcomeCode()).toEqual(expect.any(String));
  });
});
