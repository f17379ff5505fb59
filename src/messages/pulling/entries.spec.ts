import { describe, expect, it } from '@jest/globals';
import { readEntries } from './entries.js';

const ACCOUNT = { corpId: 'wwCorp_1', openKfId: 'wkAccount-1' };
const NOW_MS = Date.UTC(2026, 0, 2);
const WANTED = { includesServicer: false, fromMs: 0, nowMs: NOW_MS };

const text = (fields: object = {}) => ({
  msgid: 'm1',
  open_kfid: 'wkAccount-1',
  external_userid: 'wmCustomer',
  send_time: 1_767_312_000,
  origin: 3,
  msgtype: 'text',
  text: { content: 'hello' },
  ...fields,
});

const read = (entries: readonly object[], wanted: object = {}) =>
  readEntries(ACCOUNT, entries as Record<string, unknown>[], { ...WANTED, ...wanted });
const contentOf = (entry: object) =>
  JSON.parse(read([entry]).messages[0]?.content.reveal() ?? '') as Record<string, unknown>;

describe('entries of sync_msg', () => {
  it('keep all that they say, whatever their type', () => {
    const entry = text({ msgtype: 'something_new', something_new: { deep: [1, { é: '微' }] }, more: null });
    expect(contentOf(entry)).toEqual(entry);
    expect(read([entry]).messages).toMatchObject([
      { msgid: 'm1', type: 'something_new', origin: 3, sentAtMs: 1_767_312_000_000 },
    ]);
  });

  it('that come without their account get it, and events that name it do not', () => {
    const { open_kfid: _id, ...nameless } = text();
    expect(contentOf(nameless)).toEqual(text());
    const event = {
      ...{ msgid: 'e1', send_time: 1, origin: 4, msgtype: 'event' },
      event: { event_type: 'enter_session', open_kfid: 'wkAccount-1', external_userid: 'wmCustomer' },
    };
    expect(contentOf(event)).toEqual(event);
  });

  it('of one customer share a lane that does not name them, be it messages or events', () => {
    const event = {
      ...{ msgid: 'e1', send_time: 1, origin: 4, msgtype: 'event' },
      event: { event_type: 'enter_session', external_userid: 'wmCustomer' },
    };
    const other = text({ msgid: 'm2', external_userid: 'wmOther' });
    const [first, second, third] = read([text(), event, other]).messages.map(({ lane }) => lane);
    expect(first).toBe(second);
    expect(first).not.toBe(third);
    expect(first).not.toContain('wmCustomer');
    expect(read([text({ external_userid: undefined })]).messages[0]?.lane).toBe('');
  });

  it('are urgent while they have a code that is good for 20 s', () => {
    const event = (fields: object) => ({
      msgid: 'e1',
      send_time: 1,
      origin: 4,
      msgtype: 'event',
      event: fields,
    });
    const isUrgent = (fields: object) => read([event(fields)]).messages[0]?.isUrgent;
    const changed = { event_type: 'session_status_change', msg_code: 'code' };
    expect(isUrgent({ event_type: 'enter_session', welcome_code: 'code' })).toBe(true);
    expect(isUrgent({ ...changed, change_type: 3 })).toBe(true);
    expect(isUrgent({ event_type: 'enter_session' })).toBe(false);
    expect(isUrgent({ ...changed, change_type: 3, msg_code: '' })).toBe(false);
    expect(isUrgent({ ...changed, change_type: 1 })).toBe(false);
    expect(read([text({ welcome_code: 'code' })]).messages[0]?.isUrgent).toBe(false);
  });

  it('that a customer wrote are texts, a choice of a menu is none', () => {
    const isText = (fields: object) => read([text(fields)], { includesServicer: true }).messages[0]?.isText;
    expect(isText({})).toBe(true);
    expect(isText({ text: { content: 'yes', menu_id: '1' } })).toBe(false);
    expect(isText({ origin: 5 })).toBe(false);
    expect(isText({ msgtype: 'image' })).toBe(false);
  });

  it('of servicers are left out unless they are wanted', () => {
    const entries = [text(), text({ msgid: 'm2', origin: 5 }), text({ msgid: 'm3', origin: 4 })];
    expect(read(entries).messages.map(({ msgid }) => msgid)).toEqual(['m1', 'm3']);
    expect(read(entries, { includesServicer: true }).messages).toHaveLength(3);
  });

  it('from before are skipped by their id', () => {
    const entries = [text({ msgid: 'old', send_time: 99 }), text({ msgid: 'new', send_time: 100 })];
    const { messages, skipped } = read(entries, { fromMs: 100_000 });
    expect([messages.map(({ msgid }) => msgid), skipped]).toEqual([['new'], ['old']]);
  });

  it('without an id are known by what they say, and without a time are of now', () => {
    const { msgid: _msgid, send_time: _time, ...bare } = text();
    const [one, again, other] = read([bare, bare, { ...bare, text: { content: 'bye' } }]).messages;
    expect(one?.msgid).toBe(again?.msgid);
    expect(one?.msgid).not.toBe(other?.msgid);
    expect(one?.sentAtMs).toBe(NOW_MS);
  });

  it('of more than 2 MB as they are sent keep nothing of what they say, and the reason', () => {
    const bytesOf = (content: string) => Buffer.byteLength(JSON.stringify(text({ text: { content } })));
    const longest = '微'.repeat(Math.floor((2_097_152 - bytesOf('')) / 3));
    const fits = longest + 'x'.repeat(2_097_152 - bytesOf(longest));
    const [kept, dead] = read([fits, `${fits}x`].map((content) => text({ text: { content } }))).messages;
    expect([kept?.failure, Buffer.byteLength(kept?.content.reveal() ?? '')]).toEqual([undefined, 2_097_152]);
    expect(dead).toMatchObject({
      msgid: 'm1',
      failure: {
        atMs: NOW_MS,
        stage: 'oversized',
        reason: 'the message has 2097153 bytes; at most 2097152 are kept and sent',
      },
    });
    expect(dead?.content.reveal()).toBe('');
  });
});
