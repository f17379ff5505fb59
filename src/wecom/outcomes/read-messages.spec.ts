import { beforeEach, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { Past } from '../../log/past.js';
import { CallOutcomes } from './call-outcomes.js';
import { ReadMessages } from './read-messages.js';

const ACCOUNT = { corpId: 'ww1', openKfId: 'wk1' };
const CUSTOMER = { external_userid: 'wmOne' };

let clock: ManualClock;
let read: ReadMessages;
let past: Past;

beforeEach(() => {
  clock = new ManualClock();
  past = new Past(clock);
  read = new ReadMessages(new CallOutcomes(clock, past, past), clock, past);
});

const sent = (fields: object, agoS = 1) => ({
  send_time: Math.floor(clock.nowMs() / 1_000) - agoS,
  ...CUSTOMER,
  ...fields,
});
const MESSAGE = { origin: 3, msgtype: 'text', text: { content: 'hello' } };
const WORDS = { origin: 5, msgtype: 'text', text: { content: 'hi' } };
const waiting = () =>
  past.customers.of(ACCOUNT, { nowMs: clock.nowMs(), repliedAtMs: 0, longSinceMs: 0 }).waiting;

it('a customer who wrote waits, and one to whom something happened does not', () => {
  const event = { origin: 4, msgtype: 'event', event: { event_type: 'enter_session', ...CUSTOMER } };
  read.note(ACCOUNT, [sent(event)], true);
  expect([waiting(), past.takenOf(ACCOUNT).isRead]).toEqual([0, true]);
  read.note(ACCOUNT, [sent(MESSAGE)], true);
  expect(waiting()).toBe(1);
});

it('an account whose messages the manager pulls is not read by a program', () => {
  read.note(ACCOUNT, [sent(MESSAGE)], false);
  expect([waiting(), past.takenOf(ACCOUNT).isRead]).toEqual([1, false]);
});

it('a program that begins anew reads what was answered, or is older than ten minutes: nobody waits', () => {
  const answered = sent(MESSAGE, 60);
  read.note(ACCOUNT, [answered], true);
  read.note(ACCOUNT, [sent(WORDS, 50)], true);
  read.note(ACCOUNT, [answered, sent({ ...MESSAGE, external_userid: 'wmOld' }, 601)], true);
  expect(waiting()).toBe(0);
});

it('the words of a person answer their customer alone', () => {
  read.note(ACCOUNT, [sent(MESSAGE, 9), sent({ ...MESSAGE, external_userid: 'wmTwo' }, 9)], false);
  read.note(ACCOUNT, [sent(WORDS, 8)], false);
  expect(waiting()).toBe(1);
  read.note(ACCOUNT, [sent(MESSAGE, 7)], false);
  expect(waiting()).toBe(2);
});

it('a reply that could not be sent has failed', () => {
  const failed = { origin: 4, msgtype: 'event', event: { event_type: 'msg_send_fail', fail_type: 2 } };
  read.note(ACCOUNT, [sent(failed), sent(failed, 900)], true);
  const replies = past.outcomeOf({ ...ACCOUNT, subject: 'replies', botId: null, api: '' });
  expect(replies).toMatchObject({ failures: 1, why: 'fail_type:2' });
});
