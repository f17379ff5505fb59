import { beforeEach, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { Past } from '../../log/past.js';
import type { MessageRead } from '../../log/signs.js';
import { CallOutcomes } from './call-outcomes.js';
import { ReadMessages } from './read-messages.js';

const ACCOUNT = { corpId: 'ww1', openKfId: 'wk1' };

let clock: ManualClock;
let outcomes: CallOutcomes;
let read: ReadMessages;
let past: Past;
let notes: MessageRead[];

beforeEach(() => {
  clock = new ManualClock();
  past = new Past(clock);
  notes = [];
  const noteRead = (one: MessageRead) => void notes.push(one);
  outcomes = new CallOutcomes(clock, past, past);
  read = new ReadMessages(outcomes, clock, past, { noteOutcome: (one) => past.noteOutcome(one), noteRead });
});

const sent = (fields: object, agoS = 1) => ({
  send_time: Math.floor(clock.nowMs() / 1_000) - agoS,
  ...fields,
});
const MESSAGE = { origin: 3, msgtype: 'text', text: { content: 'hello' } };
const messages = () => notes.at(-1)?.messages.length;
const replies = () => past.outcomeOf({ ...ACCOUNT, subject: 'replies', botId: null, api: '' });

it('what a program reads asks for a reply where a customer wrote, and not where something happened', () => {
  const event = { origin: 4, msgtype: 'event', event: { event_type: 'enter_session' } };
  read.note(ACCOUNT, [sent(event)], true);
  expect(notes.at(-1)).toMatchObject({ ...ACCOUNT, readAtMs: clock.nowMs(), messages: [] });
  read.note(ACCOUNT, [sent(event), sent(MESSAGE)], true);
  expect(messages()).toBe(1);
  expect(JSON.stringify(notes)).not.toContain('hello');
});

it('what the manager pulls is not read by the bot yet', () => {
  read.note(ACCOUNT, [sent(MESSAGE)], false);
  expect(notes).toEqual([]);
});

it('a program that begins anew reads what was answered, or is old: that asks for nothing', async () => {
  outcomes.note({
    ...{ operation: 'call', botId: null, api: 'kf/send_msg', errcode: 0, fault: null, isAsked: true },
    ...ACCOUNT,
  });
  await clock.advance(5_000);
  read.note(ACCOUNT, [sent(MESSAGE, 60), sent(MESSAGE, 601)], true);
  expect(messages()).toBe(0);
});

it('a person who wrote has answered, and a reply that could not be sent has failed', () => {
  read.note(ACCOUNT, [sent({ origin: 5, msgtype: 'text' })], false);
  expect(replies()).toMatchObject({ okAtMs: clock.nowMs(), failures: 0 });
  const failed = { origin: 4, msgtype: 'event', event: { event_type: 'msg_send_fail', fail_type: 2 } };
  read.note(ACCOUNT, [sent(failed), sent(failed, 900)], true);
  expect(replies()).toMatchObject({ failures: 1, why: 'fail_type:2' });
});
