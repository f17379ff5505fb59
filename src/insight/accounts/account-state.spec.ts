import { describe, expect, it } from '@jest/globals';
import type { HintHead } from '../../queue/event.js';
import type { Failure } from '../../queue/failure.js';
import type { WecomOutcome } from '../../log/outcome.js';
import type { UnansweredCount } from '../../log/unanswered-customers.js';
import type { AccountState } from './account-states.js';
import { type AccountFacts, judge, type Times } from './account-state.js';

const NOW_MS = Date.UTC(2026, 0, 1, 8, 0);
const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
const TIMES: Times = {
  nowMs: NOW_MS,
  knownUntilMs: NOW_MS,
  replyWithinMs: 60 * SECOND_MS,
  peopleWaitAlarmMs: 300 * SECOND_MS,
};

const ago = (seconds: number): number => NOW_MS - seconds * SECOND_MS;

/** Nothing is wrong, and nothing came. */
const CALM: AccountFacts = {
  offline: null,
  isPaused: false,
  isCircuitOpen: false,
  passesReplies: true,
  takesMessages: false,
  storeFault: null,
  replies: { repliedAtMs: null, replyFailure: null, noAccount: null },
  taken: { atMs: 0, messages: [], events: [], isRead: false },
  unanswered: null,
  hint: null,
  messages: null,
  tokenRefused: null,
  wecomFails: null,
  callsFail: null,
  agentFails: null,
  customers: null,
  lastUntaken: null,
};

const NOBODY: UnansweredCount = {
  ...{ waiting: 0, sinceMs: null, sinceReplyMs: null, repliedAtMs: 0 },
  ...{ ofHour: 0, wordless: 0, wordlessSinceMs: null, isInsistent: false },
};

const QUOTA: Failure = { atMs: ago(5), stage: 'quota', reason: 'no quota', status: 429 };

const outcome = (why: string, agoS = 300): WecomOutcome => ({
  ...{ subject: 'replies', corpId: 'ww1', botId: null, openKfId: 'wk1', api: '' },
  ...{ okAtMs: 0, failures: 3, sinceMs: ago(agoS), atMs: ago(1), why },
});
const replied = (agoS: number | null, failure: WecomOutcome | null = null): AccountFacts['replies'] => ({
  repliedAtMs: agoS === null ? null : ago(agoS),
  replyFailure: failure,
  noAccount: null,
});
const taken = (of: Partial<AccountFacts['taken']>): AccountFacts['taken'] => ({
  ...CALM.taken,
  atMs: Math.max(0, ...(of.events ?? []), ...(of.messages ?? [])),
  ...of,
});
const hint = (state: HintHead['state'], agoS: number): HintHead => {
  const lastFailure = { atMs: ago(1), stage: 'connect', reason: '' };
  return { state, waitingSinceMs: ago(agoS), events: 1, lastFailure } as unknown as HintHead;
};

const stateOf = (facts: Partial<AccountFacts>, times: Partial<Times> = {}) =>
  judge({ ...CALM, ...facts }, { ...TIMES, ...times });

it.each<[what: string, facts: Partial<AccountFacts>, state: AccountState, codes: readonly string[]]>([
  ['nothing came', {}, 'quiet', []],
  ['a reply went out within the hour', { replies: replied(3_599) }, 'working', []],
  ['the last reply is older', { replies: replied(3_600) }, 'quiet', []],
  [
    'something was taken a moment ago, and no reply was seen yet',
    { taken: taken({ events: [ago(5)] }) },
    'unseen',
    [],
  ],
  [
    'its replies do not pass through here',
    { passesReplies: false, taken: taken({ events: [ago(600)] }) },
    'unseen',
    [],
  ],
  ['replies fail', { replies: replied(900, outcome('95017')) }, 'failing', ['replies_fail']],
  ['WeCom refuses its bot’s token', { tokenRefused: outcome('40001') }, 'failing', ['token_refused']],
  ['the service of its agent gives no answers', { agentFails: QUOTA }, 'failing', ['agent_fails']],
  ['WeCom refuses calls that name it', { callsFail: outcome('95012') }, 'failing', ['bot_calls_fail']],
  [
    'WeCom does not have it',
    { replies: { ...replied(null), noAccount: outcome('95004') } },
    'failing',
    ['no_account'],
  ],
  ['an event is dead', { hint: hint('dead', 900) }, 'failing', ['dead']],
  [
    'a message is dead',
    { messages: { waiting: 0, dead: 2, oldestWaitingAtMs: null } },
    'failing',
    ['dead_messages'],
  ],
  [
    'messages are dead, and what came later was answered',
    { messages: { waiting: 0, dead: 2, oldestWaitingAtMs: null }, replies: replied(60) },
    'working',
    ['dead_messages'],
  ],
  [
    'messages are dead, and the bot still refuses what comes',
    {
      messages: { waiting: 0, dead: 2, oldestWaitingAtMs: null },
      replies: replied(60),
      lastUntaken: { atMs: ago(1), stage: 'status', reason: '', status: 500 },
    },
    'failing',
    ['dead_messages'],
  ],
  [
    'the store is away, and its messages have to be pulled',
    { takesMessages: true, storeFault: 'store_down', replies: replied(60) },
    'failing',
    ['store_down'],
  ],
  [
    'the store is away, and its bot gets events',
    { storeFault: 'store_down', replies: replied(60) },
    'working',
    [],
  ],
  [
    'messages wait for the service of its agent',
    { agentFails: QUOTA, messages: { waiting: 2, dead: 0, oldestWaitingAtMs: ago(60) } },
    'failing',
    ['agent_fails'],
  ],
  ['WeCom refuses all calls of its corp', { wecomFails: outcome('60020') }, 'failing', ['wecom_fails']],
  ['its bot cannot be reached', { isCircuitOpen: true }, 'waiting', ['circuits']],
  [
    'its bot cannot be reached, and something waits for it',
    { isCircuitOpen: true, hint: hint('waiting', 3) },
    'waiting',
    ['circuits'],
  ],
  [
    'its bot cannot be reached, and something waits as long as a reply may take',
    { isCircuitOpen: true, hint: hint('waiting', 60) },
    'failing',
    ['circuits'],
  ],
  ['an event is on its way', { hint: hint('waiting', 10) }, 'quiet', []],
  ['an event waits', { hint: hint('waiting', 59) }, 'waiting', ['waiting']],
  ['an event waits as long as a reply may take', { hint: hint('waiting', 60) }, 'failing', ['waiting']],
  [
    'a message waits',
    { messages: { waiting: 2, dead: 0, oldestWaitingAtMs: ago(59) } },
    'waiting',
    ['waiting_messages'],
  ],
  [
    'a message waits as long as a reply may take',
    { messages: { waiting: 2, dead: 0, oldestWaitingAtMs: ago(60) } },
    'failing',
    ['waiting_messages'],
  ],
  ['nobody takes what came', { hint: hint('parked', 1) }, 'unserved', ['parked']],
  ['its bot is paused', { isPaused: true, replies: replied(60) }, 'paused', []],
  [
    'its bot is paused, and something waits',
    {
      isPaused: true,
      hint: hint('parked', 60),
      messages: { waiting: 2, dead: 0, oldestWaitingAtMs: ago(60) },
    },
    'paused',
    ['paused'],
  ],
  ['its puppet has deregistered', { offline: { sinceMs: ago(60) }, replies: replied(90) }, 'offline', []],
  [
    'all at once, of which the worst counts',
    {
      offline: { sinceMs: null },
      hint: hint('waiting', 60),
      taken: taken({ events: [ago(120)] }),
      messages: { waiting: 1, dead: 1, oldestWaitingAtMs: ago(99) },
    },
    'failing',
    ['dead_messages', 'silent', 'waiting', 'waiting_messages'],
  ],
])('where %s', (_what, facts, state, codes) => {
  const judged = stateOf(facts);
  expect([judged.state, judged.reasons.map(({ code }) => code)]).toEqual([state, codes]);
});

it('says of messages what their bot last answered', () => {
  const messages = { waiting: 2, dead: 1, oldestWaitingAtMs: ago(30) };
  const lastUntaken = { atMs: ago(1), stage: 'status' as const, reason: '', status: 500 };
  expect(stateOf({ messages, lastUntaken }).reasons).toMatchObject([
    { code: 'dead_messages', why: 'status', status: 500 },
    { code: 'waiting_messages', why: 'status', status: 500 },
  ]);
});

describe('silent', () => {
  const since = (facts: Partial<AccountFacts>, times: Partial<Times> = {}): number | null => {
    const { state, sinceMs } = stateOf(facts, times);
    return state === 'silent' ? (NOW_MS - (sinceMs ?? 0)) / SECOND_MS : null;
  };

  it.each<[what: string, facts: Partial<AccountFacts>, sinceS: number | null]>([
    ['once no reply followed in time', { taken: taken({ events: [ago(60)] }) }, 60],
    ['not before', { taken: taken({ events: [ago(59)] }) }, null],
    ['not where a reply followed', { taken: taken({ events: [ago(90)] }), replies: replied(80) }, null],
    [
      'since the first that was not answered, whatever came before',
      { taken: taken({ events: [ago(900), ago(300), ago(100), ago(5)] }), replies: replied(400) },
      300,
    ],
    [
      'also where replies do not have to pass here, once one did within three days',
      {
        passesReplies: false,
        taken: taken({ events: [ago(300)] }),
        replies: replied(71 * 3_600),
      },
      300,
    ],
    [
      'not where the last one that did is older',
      {
        passesReplies: false,
        taken: taken({ events: [ago(300)] }),
        replies: replied(73 * 3_600),
      },
      null,
    ],
    [
      'by customers’ messages, where it is known what came',
      {
        ...{ takesMessages: true, taken: taken({ messages: [ago(200)] }) },
        unanswered: { ...NOBODY, waiting: 1, sinceReplyMs: ago(210) },
      },
      200,
    ],
    [
      'not by messages that a person has answered',
      { takesMessages: true, taken: taken({ messages: [ago(200)] }), unanswered: NOBODY },
      null,
    ],
    [
      'by what its program read here, and nobody has answered',
      { taken: taken({ isRead: true }), unanswered: { ...NOBODY, waiting: 1, sinceReplyMs: ago(90) } },
      90,
    ],
    ['not by events that told of none', { takesMessages: true, taken: taken({ events: [ago(200)] }) }, null],
    [
      'nor where its program reads what came through here',
      { taken: taken({ events: [ago(200)], isRead: true }), unanswered: NOBODY },
      null,
    ],
    ['not by what is three days old', { taken: taken({ events: [NOW_MS - 72 * HOUR_MS] }) }, null],
    [
      'not where replies fail, which says why',
      { taken: taken({ events: [ago(300)] }), replies: replied(null, outcome('95017')) },
      null,
    ],
  ])('%s', (_what, facts, sinceS) => {
    expect(since(facts)).toBe(sinceS);
  });

  it('not before it is known what other replicas saw since', () => {
    const facts = { taken: taken({ events: [ago(130)] }) };
    expect(since(facts, { knownUntilMs: ago(71) })).toBeNull();
    expect(since(facts, { knownUntilMs: ago(70) })).toBe(130);
  });

  it('bad where a customer is known to have written, and else less so', () => {
    const severity = (of: Partial<AccountFacts['taken']>) =>
      stateOf({ taken: taken(of) }).reasons.map((reason) => reason.severity);
    expect(severity({ events: [ago(90)] })).toEqual(['wait']);
    expect(severity({ events: [ago(90)], messages: [ago(70)] })).toEqual(['bad']);
  });
});

it('says since when it is so', () => {
  expect(stateOf({ replies: replied(900, outcome('95017', 240)) }).sinceMs).toBe(ago(240));
  expect(stateOf({ hint: hint('waiting', 33) }).sinceMs).toBe(ago(33));
  expect(stateOf({ offline: { sinceMs: ago(77) } }).sinceMs).toBe(ago(77));
  expect(stateOf({ replies: replied(60) }).sinceMs).toBeNull();
});

it('that customers wait for a person is told after a while, and says nothing of the bot', () => {
  const waiting = (agoS: number | null) => ({
    ...{ bot: 3, pool: 2, people: 1, poolSinceMs: null, unmet: 2 },
    unmetSinceMs: agoS === null ? null : ago(agoS),
  });
  const judged = (agoS: number | null) => stateOf({ replies: replied(1), customers: waiting(agoS) });
  expect(judged(null).reasons).toEqual([]);
  expect(judged(299).reasons).toEqual([]);
  expect(judged(300)).toMatchObject({
    state: 'working',
    reasons: [{ code: 'people_wait', count: 2, sinceMs: ago(300) }],
  });
});

describe('customers without a word while others are answered', () => {
  const someOf = (wordless: number, ofHour: number, facts: Partial<AccountFacts> = {}) =>
    stateOf({
      ...{ takesMessages: true, replies: replied(1) },
      unanswered: { ...NOBODY, waiting: wordless, wordless, wordlessSinceMs: ago(700), ofHour },
      ...facts,
    });

  it('several are a cause that leaves the state as it is, and from a third of the customers on a bad one', () => {
    expect(someOf(2, 7)).toEqual({
      ...{ state: 'working', sinceMs: null },
      reasons: [
        {
          ...{ code: 'customers_unanswered', severity: 'wait', count: 2, sinceMs: ago(700) },
          ...{ why: null, status: null },
        },
      ],
    });
    expect(someOf(2, 6)).toMatchObject({ state: 'silent', reasons: [{ severity: 'bad' }] });
  });

  it('a single one is no cause, unless the customer writes again and again', () => {
    expect(someOf(1, 2).reasons).toEqual([]);
    const unanswered = { ...NOBODY, waiting: 1, wordless: 1, ofHour: 2, isInsistent: true };
    expect(someOf(1, 2, { unanswered }).reasons).toMatchObject([{ code: 'customers_unanswered' }]);
  });

  it('they are not told where another cause says why', () => {
    const codes = (facts: Partial<AccountFacts>) => someOf(5, 6, facts).reasons.map(({ code }) => code);
    expect(codes({ replies: replied(1, outcome('95017')) })).toEqual(['replies_fail']);
    const messages = { waiting: 2, dead: 0, oldestWaitingAtMs: ago(60) } as AccountFacts['messages'];
    expect(codes({ messages })).toEqual(['waiting_messages']);
    expect(codes({ passesReplies: false })).toEqual([]);
  });
});
