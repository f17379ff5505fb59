import { beforeEach, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { CallOutcomes } from './call-outcomes.js';
import { ReadMessages } from './read-messages.js';

const ACCOUNT = { corpId: 'ww1', openKfId: 'wk1' };

let clock: ManualClock;
let outcomes: CallOutcomes;
let read: ReadMessages;

beforeEach(() => {
  clock = new ManualClock();
  outcomes = new CallOutcomes(clock);
  read = new ReadMessages(outcomes, clock);
});

const sent = (fields: object, agoS = 1) => ({
  send_time: Math.floor(clock.nowMs() / 1_000) - agoS,
  ...fields,
});
const MESSAGE = { origin: 3, msgtype: 'text', text: { content: 'hello' } };
const messages = () => read.of(ACCOUNT)?.messages.length ?? 0;

it('what a program reads asks for a reply where a customer wrote, and not where something happened', () => {
  const event = { origin: 4, msgtype: 'event', event: { event_type: 'enter_session' } };
  read.note(ACCOUNT, [sent(event)], true);
  expect(read.of(ACCOUNT)).toMatchObject({ readAtMs: clock.nowMs(), messages: [] });
  read.note(ACCOUNT, [sent(event), sent(MESSAGE)], true);
  expect(messages()).toBe(1);
  expect(JSON.stringify(read.of(ACCOUNT))).not.toContain('hello');
});

it('what the manager pulls is not read by the bot yet', () => {
  read.note(ACCOUNT, [sent(MESSAGE)], false);
  expect(read.of(ACCOUNT)).toBeNull();
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
  expect(outcomes.ofAccount('replies', ACCOUNT)).toMatchObject({ okAtMs: clock.nowMs(), failures: 0 });
  const failed = { origin: 4, msgtype: 'event', event: { event_type: 'msg_send_fail', fail_type: 2 } };
  read.note(ACCOUNT, [sent(failed), sent(failed, 900)], true);
  expect(outcomes.ofAccount('replies', ACCOUNT)).toMatchObject({ failures: 1, why: 'fail_type:2' });
});
