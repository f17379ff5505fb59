import { newMessage, pulledPage, type TestMessages } from '../../../test/support/messages.js';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { knownBot } from '../../../test/support/bots.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { noRecorder } from '../../../test/support/recorder.js';
import type { Deliveries, RecordedAttempt } from '../../dispatch/endpoint/deliveries.js';
import { AppError } from '../../kernel/app-error.js';
import { HealthyLogLines } from '../../kernel/healthy-log-lines.js';
import { Secret } from '../../kernel/secret.js';
import { Metrics } from '../../metrics/metrics.js';
import type { KnownBot } from '../../registry/bots/known-bots.js';
import type { Destinations, MessageDestination } from '../../registry/accounts/destination.js';
import { MemoryMessageQueue } from '../../../test/support/memory-messages.js';
import { MessageLog } from './message-log.js';
import { MessageMetrics } from './message-metrics.js';
import { type Message, webhookIdOf } from '../../queue/message.js';
import type { Turn } from '../../queue/message-queue.js';
import type { OwnPulls } from '../own-pulls.js';
import { QueuedAnswers } from '../queued-answers.js';
import { CallbackHalves } from './callback-halves.js';
import { MessageOutcomes } from './message-outcomes.js';

const ACCOUNT = { corpId: 'wwCorp_1', openKfId: 'wkAccount-1' };
const ENDPOINT = 'http://bot:8080';
const TRIES = 2;
const BOT: KnownBot = knownBot();
const RECIPIENT = { ...ACCOUNT, bot: BOT } as Partial<MessageDestination> as MessageDestination;

let clock: ManualClock;
let queue: TestMessages;
let halves: CallbackHalves;
let answers: QueuedAnswers;
let metrics: Metrics;
/** What operators are told of attempts. */
let told: (readonly [attempt: number, end: string])[];
/** Errors. */
let logged: string[];

beforeEach(async () => {
  clock = new ManualClock();
  queue = new MemoryMessageQueue();
  told = [];
  metrics = new Metrics();
  const stream = { write: (line: string) => void logged.push(JSON.parse(line).msg) };
  logged = [];
  const log = new MessageLog(pino({ level: 'error' }, stream), new HealthyLogLines(1), noRecorder(clock));
  const config = { messagesAheadMax: 1_000, messageTries: TRIES };
  const outcomes = new MessageOutcomes(queue, new MessageMetrics(metrics), log, clock, config);
  const ended: Deliveries['ended'] = (_to, { attempt }, _occasion, result) => {
    told.push([attempt, result.taken ? 'taken' : result.stage]);
    return {} as RecordedAttempt;
  };
  halves = new CallbackHalves(queue, outcomes, { ended } as Deliveries, clock, clock, log);
  const destinations = { findForMessages: () => RECIPIENT } as Partial<Destinations> as Destinations;
  answers = new QueuedAnswers(halves, destinations, clock, {} as OwnPulls);
  const lease = await queue.pulls.begin(ACCOUNT, 'app-1', clock.nowMs(), 15_000);
  const content = new Secret('{"msgid":"m1"}');
  await queue.pulls.keep(
    ACCOUNT,
    lease?.id ?? '',
    pulledPage([newMessage('m1', { content })], { endpoint: ENDPOINT }),
    clock.nowMs(),
    15_000,
  );
});

const UNDER_WAY = { msgid: 'm1', attempt: 1, isAnswered: true, isPulled: false, untilMs: 60_000 } as const;
const ALL = { corpId: null, openKfId: null } as const;

async function claim(): Promise<{ turn: Turn; message: Message } | null> {
  const [turn] = await queue.lines.claimDue(clock.nowMs(), 1, 15_000, new Set());
  const message =
    turn === undefined
      ? null
      : await queue.next(turn, { order: 'account' }, clock.nowMs(), { isProbe: false });
  return turn === undefined || message === null ? null : { turn, message };
}

async function begin(attempt = 1, isAwaitedHere = true): Promise<{ turn: Turn; message: Message }> {
  const claimed = await claim();
  if (claimed === null) throw new Error('nothing is due');
  await halves.begin(claimed.turn, claimed.message, attempt, isAwaitedHere);
  return claimed;
}

async function pull(cursor = '', isRead = true, bot = BOT): Promise<string> {
  const { body, wasSent, wasUnread } = await answers.answer(bot, ACCOUNT.openKfId, cursor);
  await wasSent();
  if (!isRead) await wasUnread();
  return (body.msg_list as unknown[]).length === 0 ? '' : String(body.next_cursor);
}

const answer = (turn: Turn, message: Message, attempt = 1) =>
  halves.answered(turn, RECIPIENT, {
    ...{ message, attempt, durationMs: 1 },
    result: { taken: true, status: 200 },
  });

const hasPulled = (attempt = 1) =>
  halves.hasPulled({ ...ACCOUNT, id: webhookIdOf({ ...ACCOUNT, msgid: 'm1' }), attempt });

const release = (turn: Turn) => queue.release(turn, ENDPOINT, null, clock.nowMs());

describe('a message under way to a callback bot', () => {
  it.each([true, false])(
    'is taken when it was pulled and then answered, awaited here: %s',
    async (isHere) => {
      const { turn, message } = await begin(1, isHere);
      expect(await pull()).not.toBe('');
      expect(await answer(turn, message)).toBe(true);
      expect((await queue.counts(ACCOUNT)).waiting).toBe(0);
    },
  );

  it.each([
    ['puppet', null],
    ['stream', { receiveId: '', timeoutMs: 5_000 }],
    ['callback', { receiveId: '', timeoutMs: 5_000, form: 'json' }],
  ] as const)('is not given to a pull of a bot that is sent it: %s, %j', async (kind, callback) => {
    const { turn } = await begin(1, false);
    expect(await pull('', true, knownBot({ kind, callback }))).toBe('');
    expect((await queue.findUnderWay(turn))?.underWay.isPulled).toBe(false);
  });

  it('needs no store from when its bot was told until it is taken, where both halves come here', async () => {
    const { turn, message } = await begin();
    const away = () => Promise.reject(new AppError('STORE_UNAVAILABLE'));
    [queue.note, queue.findUnderWay] = [away, away];
    expect(await pull()).not.toBe('');
    expect(await hasPulled()).toBe(true);
    expect(await answer(turn, message)).toBe(true);
    expect(told).toEqual([[1, 'taken']]);
    expect((await queue.counts(ACCOUNT)).waiting).toBe(0);
  });

  it('is given as the store has it once the turn is not held here any more', async () => {
    await begin();
    await clock.advance(15_000);
    const [other] = await queue.lines.claimDue(clock.nowMs(), 1, 15_000, new Set());
    await queue.begin(other as Turn, null);
    expect(await pull()).toBe('');
  });

  it('is taken when it was answered and then pulled, while its turn waits', async () => {
    const { turn, message } = await begin();
    const answered = answer(turn, message);
    await clock.advance(500);
    await pull();
    expect(await answered).toBe(true);
    expect(told).toEqual([[1, 'taken']]);
  });

  it('is not taken by the pull of the message before it, which ends late', async () => {
    const { turn, message } = await begin();
    const answered = answer(turn, message);
    await clock.advance(0);
    const { note } = queue;
    queue.note = async () => 'taken';
    const before = { ...message, msgid: 'm0' };
    await halves.pulled(RECIPIENT, before, { ...UNDER_WAY, msgid: 'm0' });
    queue.note = note;
    await clock.advance(1_000);
    expect(await answered).toBe(false);
    expect((await queue.counts(ACCOUNT)).waiting).toBe(1);
  });

  it('is taken when it is pulled long after its turn, within 60 s', async () => {
    const { turn, message } = await begin();
    const answered = answer(turn, message);
    await clock.advance(1_000);
    expect(await answered).toBe(false);
    expect(told).toEqual([]);
    await release(turn);
    await clock.advance(58_000);
    expect(await claim()).toBeNull();
    expect(await pull()).not.toBe('');
    expect(told).toEqual([[1, 'taken']]);
    expect((await queue.counts(ACCOUNT)).waiting).toBe(0);
  });

  it('is due again when it was not pulled within 60 s, and is not given out before', async () => {
    const { turn, message } = await begin();
    const answered = answer(turn, message);
    await clock.advance(1_000);
    await answered;
    await release(turn);
    await clock.advance(58_999);
    expect([await claim(), told]).toEqual([null, []]);
    await clock.advance(1);
    expect(await pull()).toBe('');
    const due = await claim();
    expect(due?.message).toMatchObject({ msgid: 'm1', attempts: 1, refusals: 0, lastFailure: null });
    const overdue = await queue.findUnderWay(ACCOUNT);
    if (due === null || overdue === null) throw new Error('nothing is over');
    await halves.endOverdue(due.turn, RECIPIENT, overdue);
    expect(told).toEqual([[1, 'unpulled']]);
    const [again] = (await queue.list({ ...ALL, states: ['waiting'] }, null, 1)).messages;
    expect(again).toMatchObject({ attempts: 1, refusals: 0, lastFailure: { stage: 'unpulled' } });
    expect(await queue.findUnderWay(ACCOUNT)).toBeNull();
  });

  it('is given once in an attempt to a bot that goes on from the cursor, and once more in the next', async () => {
    const { turn } = await begin();
    const cursor = await pull();
    expect(await pull(cursor)).toBe('');
    expect(await pull()).toBe(cursor);
    await halves.failed(turn);
    expect(await pull()).toBe('');
    await release(turn);
    await clock.advance(15_000);
    await begin(2);
    expect(await pull(cursor)).not.toBe('');
  });
});

describe('the pull of a message under way', () => {
  it('is known once it was answered, for its own attempt', async () => {
    await begin();
    expect(await hasPulled()).toBe(false);
    await pull();
    expect([await hasPulled(), await hasPulled(2)]).toEqual([true, false]);
  });

  it('is stored, for whoever else asks, where another process may send the callback', async () => {
    await begin(1, false);
    await pull();
    expect((await queue.findUnderWay(ACCOUNT))?.underWay.isPulled).toBe(true);
    expect(await hasPulled()).toBe(true);
  });

  it.each([true, false])('counts no more when its answer was not read, awaited here: %s', async (isHere) => {
    const { turn, message } = await begin(1, isHere);
    await pull('', false);
    expect(await hasPulled()).toBe(false);
    void answer(turn, message);
    await clock.advance(1_000);
    expect((await queue.counts(ACCOUNT)).waiting).toBe(1);
    expect(await pull()).not.toBe('');
    expect(told).toEqual([[1, 'taken']]);
  });

  it('has the message wait again where it was taken by it, and counts against it', async () => {
    const { turn, message } = await begin();
    const answered = answer(turn, message);
    await clock.advance(0);
    await pull('', false);
    expect(await answered).toBe(true);
    expect(told).toEqual([
      [1, 'taken'],
      [1, 'reset'],
    ]);
    await release(turn);
    await clock.advance(1_200);
    const again = await claim();
    expect(again?.message).toMatchObject({ msgid: 'm1', attempts: 1, refusals: 1 });
    expect(again?.message.content.reveal()).toBe('{"msgid":"m1"}');
  });

  it('has it wait again also where the answer came first to be stored', async () => {
    const { turn, message } = await begin();
    const { wasSent, wasUnread } = await answers.answer(BOT, ACCOUNT.openKfId, '');
    await wasSent();
    const answered = answer(turn, message);
    await wasUnread();
    expect(await answered).toBe(true);
    expect(told).toEqual([
      [1, 'taken'],
      [1, 'reset'],
    ]);
    expect((await queue.counts(ACCOUNT)).waiting).toBe(1);
    expect(await pull()).toBe('');
  });

  it('is told as lost where the store cannot be told for a minute', async () => {
    const { turn, message } = await begin();
    const answered = answer(turn, message);
    await clock.advance(0);
    queue.putBack = () => Promise.reject(new AppError('STORE_UNAVAILABLE'));
    const pulled = pull('', false);
    expect(await answered).toBe(true);
    for (let s = 0; s < 64; s++) await clock.advance(1_000);
    await pulled;
    expect(logged).toEqual(['message.lost']);
  });

  it('that is never read ends after its tries', async () => {
    for (let attempt = 1; attempt <= TRIES; attempt++) {
      const { turn, message } = await begin(attempt);
      void answer(turn, message, attempt);
      await clock.advance(0);
      await pull('', false);
      await clock.advance(0);
      await release(turn);
      await clock.advance(1_200);
    }
    expect(await queue.counts(ACCOUNT)).toMatchObject({ waiting: 0, dead: 1 });
  });
});
