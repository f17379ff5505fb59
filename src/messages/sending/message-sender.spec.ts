import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { newMessage, pulledPage } from '../../../test/support/messages.js';
import { noRecorder } from '../../../test/support/recorder.js';
import type { AttemptResult } from '../../dispatch/line/attempt.js';
import type { Lines } from '../../dispatch/line/line.js';
import { HealthyLines } from '../../kernel/healthy-lines.js';
import { Metrics } from '../../metrics/metrics.js';
import { LocalMessageStore } from '../local-message-store.js';
import { MemoryMessageRecords } from '../message-records.js';
import { MESSAGE_LIFE_MS, type MessageHead } from '../message.js';
import { MessageLog } from '../message-log.js';
import { MessageMetrics } from '../message-metrics.js';
import type { MessageStore } from '../message-store.js';
import { CallbackHalves } from './callback-halves.js';
import { MessageOutcomes } from './message-outcomes.js';
import { MessageSender } from './message-sender.js';
import { PulledHalves } from './pulled-halves.js';
import type { ReadyTaker, Takers } from './takers.js';

const ACCOUNT = { corpId: 'wwCorp_1', openKfId: 'wkAccount-1' };
const ENDPOINT = { origin: 'http://bot:8080', host: 'bot', basePath: '', href: 'http://bot:8080' };
const LEASE_MS = 15_000;
const HALVES_MS = 60_000;

let clock: ManualClock;
let store: MessageStore;
let sender: MessageSender;
/** What comes of each attempt at the bot, which pulls nothing. */
let result: AttemptResult;
let attempts: number;

beforeEach(async () => {
  clock = new ManualClock();
  store = new LocalMessageStore(new MemoryMessageRecords());
  attempts = 0;
  result = { taken: true, status: 200 };
  const log = new MessageLog(pino({ level: 'silent' }), new HealthyLines(1));
  const config = { messagesAheadMax: 1_000, messageTries: 8 };
  const metrics = new MessageMetrics(new Metrics());
  const outcomes = new MessageOutcomes(store, metrics, log, noRecorder(clock), clock, config);
  const taker = {
    ...ACCOUNT,
    ...{ bot: { id: 'bot-1', kind: 'callback', order: 'account', opened: {}, endpoint: {} } },
    ...{ endpoint: ENDPOINT, state: 'ready' },
  } as unknown as ReadyTaker;
  const line = {
    attempt: () => {
      attempts++;
      return { result: Promise.resolve(result), withdraw: () => false };
    },
  };
  const lines = { circuits: { isOpen: () => false }, ofMessage: () => line } as unknown as Lines;
  const halves = new CallbackHalves(store, new PulledHalves(clock), outcomes, clock);
  const takers = { find: async () => taker } as Partial<Takers> as Takers;
  sender = new MessageSender(store, takers, lines, outcomes, halves, clock, clock);
  await keep('m1');
});

async function keep(msgid: string): Promise<void> {
  const lease = await store.beginPull(ACCOUNT, 'app-1', clock.nowMs(), LEASE_MS);
  const page = pulledPage([newMessage(msgid)], { endpoint: ENDPOINT.href });
  await store.keep(ACCOUNT, lease?.id ?? '', page, clock.nowMs(), LEASE_MS);
  await store.endPull(ACCOUNT, lease?.id ?? '');
}

/** @returns whether there was one. */
async function sendTurn(): Promise<boolean> {
  const [turn] = await store.claimDue(clock.nowMs(), 1, LEASE_MS, new Set());
  if (turn === undefined) return false;
  const sent = sender.send(turn, 'due');
  // As long as it waits for a pull.
  for (let ms = 0; ms < 1_100; ms += 100) await clock.advance(100);
  await sent;
  return true;
}

async function find(msgid: string): Promise<MessageHead | undefined> {
  const filter = { states: ['waiting', 'dead'], corpId: null, openKfId: null } as const;
  return (await store.list(filter, null, 10)).messages.find((head) => head.msgid === msgid);
}

const EXPIRED = { state: 'dead', lastFailure: { stage: 'expired' } };

describe('a message whose bot answers and never pulls', () => {
  it('is told again each minute, and is dead after 3 days', async () => {
    expect(await sendTurn()).toBe(true);
    await clock.advance(HALVES_MS);
    await sendTurn();
    expect([attempts, await find('m1')]).toMatchObject([2, { state: 'waiting', refusals: 0 }]);
    await clock.advance(MESSAGE_LIFE_MS);
    await sendTurn();
    expect(await find('m1')).toMatchObject(EXPIRED);
  });

  it('is tried once more when an operator sends it again', async () => {
    await sendTurn();
    await clock.advance(MESSAGE_LIFE_MS);
    await sendTurn();
    await store.revive(ACCOUNT, 'm1', clock.nowMs());
    const before = attempts;
    await sendTurn();
    expect([attempts, await find('m1')]).toMatchObject([before + 1, { state: 'waiting' }]);
    await clock.advance(HALVES_MS);
    await sendTurn();
    expect([attempts, await find('m1')]).toMatchObject([before + 1, EXPIRED]);
  });
});

describe('a message that waited for 3 days', () => {
  it('is dead also where it was never tried, as while its bot was away', async () => {
    await clock.advance(MESSAGE_LIFE_MS);
    await sendTurn();
    expect([attempts, await find('m1')]).toMatchObject([0, EXPIRED]);
  });
});
