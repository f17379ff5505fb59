import { describe, expect, it } from '@jest/globals';
import type { SessionSettings } from '../registry/bots/session.dto.js';
import type { SyncEntry } from '../kernel/wecom-format.js';
import { readEntry } from './entry.js';
import {
  beginningHandOver,
  claimText,
  type HandOverOutcome,
  judgedAs,
  refusedSend,
  reservedSend,
  settledText,
  unsentSend,
  verdictOf,
  withAnswer,
  withEntry,
  withHandOver,
  withLookUp,
} from './machine.js';
import {
  newSession,
  sendsLeft,
  SESSION_MS,
  type Session,
  STATE,
  type State,
  type SessionText,
} from './session.js';

const ACCOUNT = { corpId: 'ww1', openKfId: 'wk1' };
const NOW_MS = Date.UTC(2026, 0, 5);
const SETTINGS: SessionSettings = {
  welcome: { text: 'hello' },
  people: { keywords: ['人工', ' Agent'], menuIds: ['people'], to: 'pool' },
  ended: { text: 'bye' },
};
const TEXTS = { waiting: { text: 'wait' }, nobody: { text: 'nobody' }, closed: { text: 'closed' } };

const session = (state: State | null, fields: Partial<Session> = {}): Session => ({
  ...newSession(ACCOUNT, 'wmCustomer', NOW_MS - 1_000),
  state,
  ...fields,
});

const CAUSE = { id: 'm', sentAtMs: NOW_MS };
const lookedUp = (before: Session, state: State, agoMs = 0) =>
  withLookUp(before, state, readEntry(ACCOUNT, entry({}, agoMs), NOW_MS), NOW_MS);

let count = 0;
const entry = (fields: SyncEntry, agoMs = 0): SyncEntry => ({
  msgid: `m${++count}`,
  open_kfid: 'wk1',
  external_userid: 'wmCustomer',
  send_time: (NOW_MS - agoMs) / 1_000,
  ...fields,
});
const says = (content: string, menuId?: string) =>
  entry({ origin: 3, msgtype: 'text', text: { content, ...(menuId && { menu_id: menuId }) } });
const event = (fields: SyncEntry, agoMs = 0) =>
  entry({ origin: 4, msgtype: 'event', event: { external_userid: 'wmCustomer', ...fields } }, agoMs);
const changed = (change: number, fields: SyncEntry = {}, agoMs = 0) =>
  event({ event_type: 'session_status_change', change_type: change, ...fields }, agoMs);

function step(before: Session, one: SyncEntry, mayAsk = true, nowMs = NOW_MS) {
  const result = withEntry(before, readEntry(ACCOUNT, one, nowMs), [], SETTINGS, nowMs, mayAsk);
  if (typeof result === 'string') throw new Error(`it needs ${result}`);
  return result;
}
const needOf = (before: Session, one: SyncEntry, mayAsk = true, nowMs = NOW_MS) => {
  const result = withEntry(before, readEntry(ACCOUNT, one, nowMs), [], SETTINGS, nowMs, mayAsk);
  return typeof result === 'string' ? result : null;
};

describe('a customer’s message', () => {
  it.each([
    [STATE.new, 'bot'],
    [STATE.bot, 'bot'],
    [STATE.pool, 'people'],
    [STATE.people, 'people'],
    [STATE.over, 'bot'],
  ] as const)('in state %d is for: %s', (state, verdict) => {
    expect(step(session(state), says('hi')).verdict).toBe(verdict);
  });

  it('begins a session after one that is over', () => {
    expect(step(session(STATE.over), says('hi')).session.state).toBe(STATE.new);
  });

  it('is asked about where the state is unknown or 48 hours old, and not otherwise', () => {
    expect(needOf(session(null), says('hi'))).toBe('state');
    expect(needOf(session(STATE.people, { learntMs: NOW_MS - SESSION_MS }), says('hi'))).toBe('state');
    expect(needOf(session(STATE.people, { learntMs: NOW_MS - SESSION_MS + 1 }), says('hi'))).toBeNull();
  });

  it.each([
    ['a person takes over', () => changed(1), 'people'],
    ['a person writes', () => entry({ origin: 5, msgtype: 'text' }), 'people'],
    ['people are done', () => changed(3), 'people'],
    ['a person takes it up again after the end', () => changed(4), 'asked about'],
    ['there is a change of another kind', () => changed(9), 'asked about'],
    ['the customer goes on', () => says('more'), 'asked about'],
  ])('in an unknown state, behind which %s', (_what, next, expected) => {
    const later = [readEntry(ACCOUNT, next(), NOW_MS)];
    const result = withEntry(
      session(null),
      readEntry(ACCOUNT, says('人工'), NOW_MS),
      later,
      SETTINGS,
      NOW_MS,
      true,
    );
    expect(typeof result === 'string' ? 'asked about' : result.verdict).toBe(expected);
  });

  it('is the bot’s where WeCom cannot be asked, and asked about again with the next one', () => {
    const { verdict, session: after } = step(session(null), says('人工'), false);
    expect(verdict).toBe('bot');
    expect(needOf(after, says('hi'))).toBe('state');
  });

  it('that was judged is judged the same again, whatever has happened since', () => {
    const message = says('hi');
    const { session: silent } = step(session(STATE.people), message);
    const over = lookedUp(silent, STATE.over);
    expect(step(over, message)).toEqual({ session: over, verdict: 'people' });
  });

  it('is judged the same again after a whole page of others', () => {
    const page = Array.from({ length: 1_000 }, () => says('hi'));
    const silent = page.reduce((one: Session, next) => step(one, next).session, session(STATE.people));
    const over = lookedUp(silent, STATE.over);
    expect(step(over, page[0] as SyncEntry).verdict).toBe('people');
  });

  it('from long before the newest one has no effect', () => {
    const { session: after } = step(session(STATE.bot), says('hi'));
    const old = entry({ origin: 3, msgtype: 'text', text: { content: '人工' } }, 60_001);
    expect(step(after, old)).toEqual({ session: after, verdict: 'bot' });
  });
});

describe('a hand-over', () => {
  it.each([
    ['a keyword', says('人工')],
    ['a keyword in another case, with blanks', says('  AGENT\n')],
    ['a choice of the menu', says('A person', 'people')],
  ])('is asked for by %s', (_what, one) => expect(needOf(session(STATE.bot), one)).toBe('handOver'));

  it.each([
    ['a sentence with it', says('no 人工 please')],
    ['another choice', says('人', 'other')],
    ['no text', entry({ origin: 3, msgtype: 'image' })],
    ['a servicer', entry({ origin: 5, msgtype: 'text', text: { content: '人工' } })],
  ])('is not asked for by %s', (_what, one) => expect(needOf(session(STATE.bot), one)).toBeNull());

  it('is not asked for where a person took the customer over after that, in the same page', () => {
    const message = readEntry(ACCOUNT, says('人工'), NOW_MS);
    const judge = (next: SyncEntry) =>
      withEntry(session(STATE.bot), message, [readEntry(ACCOUNT, next, NOW_MS)], SETTINGS, NOW_MS, true);
    expect(judge(changed(1))).toMatchObject({ verdict: 'people' });
    expect(judge(changed(3, {}, 1_000))).toBe('handOver');
    expect(judge(changed(4))).toBe('handOver');
  });

  it('is not asked for by a message of 48 hours ago, which WeCom gives again and nobody knows', () => {
    const old = (agoMs: number) => entry({ origin: 3, msgtype: 'text', text: { content: '人工' } }, agoMs);
    expect(step(session(STATE.bot), old(SESSION_MS)).verdict).toBe('bot');
    expect(needOf(session(STATE.bot), old(SESSION_MS - 1_000))).toBe('handOver');
  });

  it('is not asked for where people have the customer already', () => {
    expect(step(session(STATE.pool), says('人工')).verdict).toBe('people');
  });

  const moved: HandOverOutcome = { kind: 'moved', state: STATE.pool, code: 'c1' };
  const ended = (outcome: HandOverOutcome, state: State = STATE.bot) => {
    const message = readEntry(ACCOUNT, says('人工'), NOW_MS);
    const begun = beginningHandOver(session(state, { left: 2 }));
    const after = withHandOver(begun, message, outcome, TEXTS, NOW_MS);
    return judgedAs(after, message, verdictOf(outcome), NOW_MS);
  };

  it('that moved the customer says so by the code, for as long as that is good', () => {
    const after = ended(moved);
    expect(after).toMatchObject({ state: STATE.pool, sinceMs: NOW_MS, isInDoubt: false, left: 5 });
    expect(after.texts).toMatchObject([
      { kind: 'waiting', code: 'c1', offer: TEXTS.waiting, untilMs: NOW_MS + SESSION_MS },
    ]);
    expect(after.seen.at(-1)?.verdict).toBe('handed_over');
  });

  it.each(['nobody', 'closed'] as const)('that finds it: %s, says so, and the bot goes on', (kind) => {
    const after = ended({ kind });
    expect(after).toMatchObject({ state: STATE.bot, texts: [{ kind, code: null, offer: TEXTS[kind] }] });
    expect(after.texts[0]?.id).toMatch(/^[\w-]{32}$/);
    expect(step(after, says('hi')).verdict).toBe('bot');
  });

  it.each(['nobody', 'closed'] as const)('after the end that finds it: %s, says so all the same', (kind) => {
    const after = ended({ kind }, STATE.over);
    expect(after).toMatchObject({ state: STATE.new, sinceMs: NOW_MS, texts: [{ kind }] });
    expect(step(after, says('hi')).session.texts).toMatchObject([{ kind }]);
  });

  it('that failed gives the message to the bot, and the state is asked for next', () => {
    const after = ended({ kind: 'failed', errcode: null });
    expect(after.seen.at(-1)?.verdict).toBe('bot');
    expect(needOf(after, says('hi'))).toBe('state');
  });

  it('whose outcome is not known is asked about before anything is judged', () => {
    const begun = beginningHandOver(session(STATE.bot));
    expect(needOf(begun, says('人工'))).toBe('state');
    expect(needOf(lookedUp(begun, STATE.bot), says('人工'))).toBe('handOver');
  });
});

describe('an event', () => {
  it('of a customer who enters is welcomed by its code, once', () => {
    const entered = event({ event_type: 'enter_session', welcome_code: 'w1' });
    const { session: after, verdict } = step(session(null), entered);
    expect([verdict, after.state]).toEqual(['bot', STATE.over]);
    expect(after.texts).toMatchObject([{ kind: 'welcome', code: 'w1', untilMs: NOW_MS + 20_000 }]);
    expect(step(after, entered).session).toBe(after);
  });

  it('without a code, or from too long ago, is not welcomed', () => {
    const codeless = step(session(STATE.bot), event({ event_type: 'enter_session' })).session;
    expect(codeless).toMatchObject({ state: STATE.bot, texts: [] });
    const old = event({ event_type: 'enter_session', welcome_code: 'w1' }, 80_000);
    expect(step(session(null), old).session.texts).toEqual([]);
  });

  it.each([1, 2, 4])('of a person who takes the customer over (%d) makes the bot silent', (change) => {
    const { session: after, verdict } = step(session(STATE.pool), changed(change));
    expect([verdict, after.state]).toEqual(['bot', STATE.people]);
  });

  it('of the end is answered by its code, and the next message is the bot’s', () => {
    const { session: after } = step(session(STATE.people), changed(3, { msg_code: 'e1' }));
    expect(after).toMatchObject({ state: STATE.over, texts: [{ kind: 'ended', code: 'e1' }] });
    expect(step(after, says('hi')).verdict).toBe('bot');
  });

  it('of a change of another kind makes the state unknown', () => {
    expect(step(session(STATE.bot), changed(9)).session.state).toBeNull();
  });

  it('that a servicer wrote means that people have the customer', () => {
    const wrote = entry({ origin: 5, msgtype: 'text', servicer_userid: 'ann' });
    expect(step(session(null), wrote).session).toMatchObject({ state: STATE.people });
  });

  it('tells the state for 48 hours from when it happened, however late it comes', () => {
    const taken = (agoMs: number) => step(session(null), changed(1, {}, agoMs)).session;
    expect(needOf(taken(SESSION_MS), says('hi'))).toBe('state');
    expect(step(taken(SESSION_MS - 1_000), says('hi')).verdict).toBe('people');
    expect(needOf(taken(SESSION_MS - 1_000), says('hi'), true, NOW_MS + 1_000)).toBe('state');
  });

  it('that tells of a new state takes back what was to be said in the old one', () => {
    const moved: HandOverOutcome = { kind: 'moved', state: STATE.pool, code: 'c1' };
    const waiting = withHandOver(beginningHandOver(session(STATE.bot)), CAUSE, moved, TEXTS, NOW_MS);
    expect(step(waiting, changed(1)).session.texts).toEqual([]);
  });
});

describe('what tells the state', () => {
  const SECOND = 1_000;
  const wrote = (agoMs = 0) => entry({ origin: 5, msgtype: 'text', servicer_userid: 'ann' }, agoMs);
  const after = (...entries: SyncEntry[]) =>
    entries.reduce((before, one) => step(before, one).session, session(STATE.new));
  /** What becomes of the customer's next message. */
  const next = (before: Session) => needOf(before, says('hi')) ?? step(before, says('hi')).verdict;

  it.each([
    ['the end', () => [changed(1), changed(3)], 'bot'],
    ['the end, taken up again a second later', () => [changed(3, {}, SECOND), changed(4)], 'people'],
    ['the end, taken up again in the same second', () => [changed(3), changed(4)], 'state'],
    ['the end, and words of the same second', () => [changed(1), changed(3), wrote()], 'bot'],
    ['words, and the end in the same second', () => [changed(1), wrote(), changed(3)], 'bot'],
    [
      'the end, and words a second later',
      () => [changed(1, {}, SECOND), changed(3, {}, SECOND), wrote()],
      'state',
    ],
    ['the end, and words a second later, twice', () => [changed(3, {}, SECOND), wrote(), wrote()], 'state'],
    [
      'the end, the customer, and words a second later',
      () => [changed(3, {}, SECOND), says('hi'), wrote()],
      'state',
    ],
    ['the end, and words of before it', () => [changed(3), wrote(SECOND)], 'bot'],
    ['the end, and taking over of before it', () => [changed(3), changed(1, {}, SECOND)], 'state'],
    ['the end, and a change of another kind of before it', () => [changed(3), changed(9, {}, SECOND)], 'bot'],
    ['taking over, and an end of before it', () => [changed(1), changed(3, {}, SECOND)], 'state'],
    [
      'taking over, an end of before it, and words',
      () => [changed(1), changed(3, {}, SECOND), wrote()],
      'state',
    ],
    ['taking over, and words of before it', () => [changed(1), wrote(SECOND)], 'people'],
    [
      'an end that is more than a minute late',
      () => [changed(1, {}, 99 * SECOND), says('hi'), changed(3, {}, 90 * SECOND)],
      'bot',
    ],
  ] as const)('is the newest word, and the end wins a tie: %s', (_what, entries, expected) => {
    expect(next(after(...entries()))).toBe(expected);
  });

  it('an older word leaves the state as it was, until WeCom is asked', () => {
    expect(after(changed(1), changed(3, {}, SECOND))).toMatchObject({ state: STATE.people, isInDoubt: true });
  });

  const moved: HandOverOutcome = { kind: 'moved', state: STATE.pool, code: 'c1' };
  const handedOver = (before: Session) => withHandOver(before, CAUSE, moved, TEXTS, NOW_MS);
  it.each([
    ['a look-up', lookedUp(session(null), STATE.pool)],
    ['a hand-over', handedOver(beginningHandOver(session(STATE.bot)))],
    ['a call of the bot', withAnswer(session(STATE.bot), STATE.pool, NOW_MS + 999, NOW_MS)],
  ])('an end of before it does not overrule %s', (_what, known) => {
    for (const agoMs of [SECOND, 0])
      expect(step(known, changed(3, {}, agoMs)).session).toMatchObject({
        state: STATE.pool,
        isInDoubt: true,
      });
    expect(step(known, changed(1)).session).toMatchObject({ state: STATE.people, isInDoubt: false });
    expect(step(known, changed(3, {}, -SECOND)).session.state).toBe(STATE.over);
  });

  it('a call that began before the end does not overrule it, and the next message asks', () => {
    const over = after(changed(1), changed(3));
    for (const askedAtMs of [NOW_MS - 1, NOW_MS]) {
      const known = withAnswer(over, STATE.people, askedAtMs, NOW_MS);
      expect(known).toMatchObject({ state: STATE.over, isInDoubt: true });
    }
    expect(withAnswer(over, STATE.people, NOW_MS + SECOND, NOW_MS).state).toBe(STATE.people);
    expect(withAnswer(over, STATE.over, NOW_MS, NOW_MS)).toBe(over);
  });

  it('a hand-over during which a person took the customer and was done does not overrule that', () => {
    const begun = beginningHandOver(session(STATE.bot));
    const over = [changed(1), changed(3)].reduce((one, next) => step(one, next).session, begun);
    expect(handedOver(over)).toMatchObject({ state: STATE.over, isInDoubt: true });
  });

  it('a keyword hands over although the last words before the end are stamped after it', () => {
    const over = after(changed(3));
    const message = readEntry(ACCOUNT, says('人工'), NOW_MS);
    const words = [readEntry(ACCOUNT, wrote(-SECOND), NOW_MS)];
    expect(withEntry(over, message, words, SETTINGS, NOW_MS, true)).toBe('handOver');
  });

  it('a failure from more than a minute ago takes nothing from the budget', () => {
    const failed = event({ event_type: 'msg_send_fail', fail_type: 6 }, 61 * SECOND);
    expect(step(after(says('hi')), failed).session.left).toBe(5);
  });
});

describe('a text', () => {
  const due = () => step(session(null), event({ event_type: 'enter_session', welcome_code: 'w1' })).session;

  it('is one process’s for a while, and then anybody’s', () => {
    const claimed = claimText(due(), NOW_MS);
    expect(claimed?.text).toMatchObject({ kind: 'welcome', tries: 1 });
    expect(claimText(claimed?.session as Session, NOW_MS + 7_999)).toBeNull();
    expect(claimText(claimed?.session as Session, NOW_MS + 8_000)?.text).toMatchObject({ tries: 2 });
  });

  it('without a code is one process’s for longer than a call may take', () => {
    const closed = withHandOver(session(STATE.bot), CAUSE, { kind: 'closed' }, TEXTS, NOW_MS);
    const { session: claimed } = claimText(closed, NOW_MS) as { session: Session };
    expect(claimText(claimed, NOW_MS + 29_999)).toBeNull();
    expect(claimText(claimed, NOW_MS + 30_000)?.text).toMatchObject({ tries: 2 });
  });

  it('is over when WeCom took or refused it, and tried again when it was not asked', () => {
    const { session: claimed, text } = claimText(due(), NOW_MS) as { session: Session; text: never };
    expect(settledText(claimed, text, 0, NOW_MS).texts).toEqual([]);
    expect(settledText(claimed, text, 95_007, NOW_MS).texts).toEqual([]);
    expect(settledText(claimed, text, null, NOW_MS).texts).toMatchObject([{ dueAtMs: NOW_MS + 1_000 }]);
  });

  it('is dropped when its time is over', () => {
    expect(claimText(due(), NOW_MS + 20_000)).toMatchObject({ session: { texts: [] }, text: null });
  });

  it('without a code counts in the budget', () => {
    const closed = withHandOver(session(STATE.bot), CAUSE, { kind: 'closed' }, TEXTS, NOW_MS);
    const { session: claimed, text } = claimText(closed, NOW_MS) as { session: Session; text: never };
    const leftAfter = (tries: number, errcode: number) =>
      settledText(claimed, { ...(text as SessionText), tries }, errcode, NOW_MS).left;
    expect([leftAfter(1, 0), leftAfter(1, 40_058)]).toEqual([4, 5]);
    // The answer to the first try was lost, and WeCom has the text.
    expect(leftAfter(2, 40_058)).toBe(4);
  });
});

describe('the budget', () => {
  it('is five until the customer writes again, less what was sent', () => {
    const sent = [1, 2, 3, 4, 5, 6].reduce((one) => reservedSend(one, null), session(STATE.bot));
    expect(sendsLeft(sent)).toBe(0);
    expect(step(sent, says('hi')).session.left).toBe(5);
  });

  it('is given back for what WeCom refused, and is over where WeCom says so', () => {
    const sent = reservedSend(session(STATE.bot), null);
    expect(unsentSend(sent, null).left).toBe(5);
    for (const errcode of [95_001, 95_002, 95_026]) expect(refusedSend(sent, errcode).left).toBe(0);
    expect(step(sent, event({ event_type: 'msg_send_fail', fail_type: 6 })).session.left).toBe(0);
  });

  it('is not given back for one more than WeCom takes', () => {
    const six = [1, 2, 3, 4, 5, 6].reduce((one) => reservedSend(one, null), session(STATE.bot));
    expect(sendsLeft(unsentSend(six, null))).toBe(0);
    expect(sendsLeft(unsentSend(unsentSend(six, null), null))).toBe(1);
  });

  it('counts a message with a msgid once, until it is given back or the customer writes', () => {
    const sent = reservedSend(session(STATE.bot), 'm1');
    expect(reservedSend(sent, 'm1')).toBe(sent);
    expect(reservedSend(unsentSend(sent, 'm1'), 'm1').left).toBe(4);
    expect(reservedSend(step(sent, says('hi')).session, 'm1').left).toBe(4);
  });

  it('remembers no more msgids than messages that WeCom takes', () => {
    const all = Array.from({ length: 20 }, (_, n) => `m${n}`);
    const sent = all.reduce(reservedSend, session(STATE.bot));
    expect(sent.counted).toEqual(all.slice(-5));
  });

  it('a refusal because people have the customer makes the state unknown', () => {
    expect(refusedSend(session(STATE.bot), 95_018)).toMatchObject({ state: null, left: 5 });
  });
});
