import { newMessage, pulledPage, type TestMessages } from '../../../test/support/messages.js';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { ManualClock } from '../../../test/support/manual-clock.js';
import type { AttemptResult } from '../../dispatch/endpoint/attempt.js';
import { HealthyLogLines } from '../../kernel/healthy-log-lines.js';
import { Metrics } from '../../metrics/metrics.js';
import { type DeliveryRecord, isEnding } from '../../log/delivery-record.js';
import type { DeliveryRecorder } from '../../log/delivery-recorder.js';
import { MemoryMessageQueue } from '../../../test/support/memory-messages.js';
import { type Message, MESSAGE_LIFE_MS, type MessageHead } from '../../queue/message.js';
import { MessageLog } from './message-log.js';
import { MessageMetrics } from './message-metrics.js';
import type { Turn } from '../../queue/message-queue.js';
import { MessageOutcomes } from './message-outcomes.js';

const ACCOUNT = { corpId: 'wwCorp_1', openKfId: 'wkAccount-1' };
const LEASE_MS = 10 * MESSAGE_LIFE_MS;
const TRIES = 8;
/** Of an event of WeCom. */
const EVENT = { type: 'event', origin: 4 };

type NotTaken = Extract<AttemptResult, { taken: false }>;

let clock: ManualClock;
let queue: TestMessages;
let outcomes: MessageOutcomes;
let turn: Turn;
let records: DeliveryRecord[];

beforeEach(async () => {
  clock = new ManualClock();
  queue = new MemoryMessageQueue();
  records = [];
  const recorder: Pick<DeliveryRecorder, 'add'> = { add: (record) => void records.push(record) };
  const lines = new HealthyLogLines(1);
  const log = new MessageLog(pino({ level: 'silent' }), lines, recorder as DeliveryRecorder);
  const config = { messagesAheadMax: 1_000, messageTries: TRIES };
  const metrics = new MessageMetrics(new Metrics());
  outcomes = new MessageOutcomes(queue, metrics, log, clock, config);
  const lease = await queue.pulls.begin(ACCOUNT, 'app-1', clock.nowMs(), LEASE_MS);
  await queue.pulls.keep(ACCOUNT, lease?.id ?? '', pulledPage([newMessage('m1')]), clock.nowMs(), LEASE_MS);
  const [first] = await queue.lines.claimDue(clock.nowMs(), 1, LEASE_MS, new Set());
  if (first === undefined) throw new Error('nothing is due');
  turn = first;
});

async function now(): Promise<MessageHead> {
  const filter = { states: ['waiting', 'dead'], corpId: null, openKfId: null } as const;
  const [head] = (await queue.list(filter, null, 1)).messages;
  if (head === undefined) throw new Error('there is no message');
  return head;
}

/** @returns how long it took from the first to the last, milliseconds, if it is due as it says. */
async function failEachTime(
  result: NotTaken,
  times: number,
  fields: Partial<Message> = {},
  tookMs = 0,
): Promise<number> {
  const beganMs = clock.nowMs();
  for (let n = 0; n < times; n++) {
    const head = await now();
    await clock.advance(Math.max(0, (head.dueAtMs ?? 0) - clock.nowMs()));
    await clock.advance(tookMs);
    await outcomes.notTaken(turn, { ...(head as Message), ...fields }, head.attempts + 1, result, tookMs);
  }
  return clock.nowMs() - beganMs;
}

const refusal = (status: number): NotTaken => ({
  ...{ taken: false, stage: 'status', status },
  reason: `the answer was ${status}`,
});

it('the end of a message is in the delivery log, and ends no wait of an event', async () => {
  await failEachTime(refusal(400), TRIES);
  outcomes.withheld(ACCOUNT, [{ msgid: 'm2', outcome: 'people' }], clock.nowMs());
  expect(records.map(({ kind, outcome, form }) => [kind, outcome, form])).toEqual([
    ['end', 'dead', 'message'],
    ['end', 'people', 'message'],
  ]);
  expect(records.filter(isEnding)).toEqual([]);
});

describe('a message that is refused', () => {
  it.each([400, 404, 410, 429, 500, 501, 302])(
    'with %i each time is dead after its tries',
    async (status) => {
      const tookMs = await failEachTime(refusal(status), TRIES);
      const counted = { attempts: TRIES, refusals: TRIES };
      expect(await now()).toMatchObject({
        state: 'dead',
        ...counted,
        lastFailure: { stage: 'status', status },
      });
      // 404 s of the schedule, each part up to a fifth more or less.
      expect(tookMs).toBeGreaterThanOrEqual(404_000 * 0.8);
      expect(tookMs).toBeLessThanOrEqual(404_000 * 1.2);
    },
  );

  it('waits on until then', async () => {
    await failEachTime(refusal(500), TRIES - 1);
    expect(await now()).toMatchObject({ state: 'waiting', refusals: TRIES - 1, attempts: TRIES - 1 });
  });
});

describe('an event that is refused', () => {
  const isThere = async () => (await queue.counts(null)).waiting + (await queue.counts(null)).dead === 1;

  it.each([
    ['at once', refusal(500), 0, 3],
    ['after two seconds each', refusal(500), 2_000, 3],
    ['after 5 s each', refusal(500), 5_000, 2],
    ['after a minute, having pulled it', { ...refusal(500), stage: 'timeout', hasPulled: true }, 60_000, 1],
    ['since it is too long', { taken: false, stage: 'too_long', reason: 'too long' }, 0, 1],
  ] as const)('%s is passed over, and not dead', async (_what, result, tookMs, tries) => {
    if (tries > 1) await failEachTime(result, tries - 1, EVENT, tookMs);
    expect([await isThere(), records]).toEqual([true, []]);
    await failEachTime(result, 1, EVENT, tookMs);
    expect(await isThere()).toBe(false);
    expect(records).toMatchObject([{ kind: 'end', outcome: 'passed_over', attempt: tries }]);
    expect(records.filter(isEnding)).toEqual([]);
  });

  it('is not passed over because its bot is killed, also while it works for long', async () => {
    const killed: NotTaken = { taken: false, stage: 'reset', reason: 'ECONNRESET', hasPulled: true };
    await failEachTime(killed, 3, EVENT, 20_000);
    expect([await isThere(), records]).toEqual([true, []]);
    await failEachTime(killed, TRIES - 3, EVENT, 20_000);
    expect(records).toMatchObject([{ kind: 'end', outcome: 'passed_over', attempt: TRIES }]);
  });

  it('waits within the 10 s, although nobody was there for long before', async () => {
    await failEachTime({ taken: false, stage: 'connect', reason: '' }, 9, EVENT);
    const tookMs = await failEachTime(refusal(500), 3, EVENT);
    expect([await isThere(), records.length]).toEqual([false, 1]);
    expect((records[0]?.attempt ?? 0) - 9).toBe(3);
    expect(tookMs).toBeGreaterThan(4_000);
  });
});

describe('a message that reaches nobody', () => {
  it.each<NotTaken>([
    { taken: false, stage: 'connect', reason: 'no connection (ECONNREFUSED)' },
    { taken: false, stage: 'timeout', reason: 'no complete answer within 4 s' },
    { taken: false, stage: 'reset', reason: 'the connection broke' },
    { taken: false, stage: 'key', reason: 'the service refuses the key', status: 401 },
    { taken: false, stage: 'quota', reason: 'the quota is used up', status: 402 },
    { taken: false, stage: 'busy', reason: 'the service takes no more questions', status: 429 },
    refusal(502),
    refusal(503),
    refusal(504),
  ])('is not given up for it: %j', async (result) => {
    await failEachTime(result, TRIES + 3);
    expect(await now()).toMatchObject({ state: 'waiting', refusals: 0, attempts: TRIES + 3 });
  });

  it('is due at the end of its 3 days at the latest, when it is found to be over', async () => {
    const { storedAtMs } = await now();
    await failEachTime({ taken: false, stage: 'connect', reason: '' }, 30);
    expect((await now()).dueAtMs).toBe(storedAtMs + MESSAGE_LIFE_MS);
  });

  it.each([
    ['with an answer that WeCom could not be asked to send', 'reply'],
    ['since the service of its agent refuses the key', 'key'],
    ['since its agent has no quota left', 'quota'],
    ['since the service of its agent takes no more questions', 'busy'],
  ] as const)('%s is tried each minute, or as it is said', async (_why, stage) => {
    const unsent: NotTaken = { taken: false, stage, reason: '' };
    await failEachTime(unsent, 100);
    const delayMs = async () => ((await now()).dueAtMs ?? 0) - clock.nowMs();
    expect(await delayMs()).toBe(60_000);
    await failEachTime({ ...unsent, retryAfterMs: 90_000 }, 1);
    expect(await delayMs()).toBe(90_000);
  });
});
