import { newMessage, pulledPage, type TestMessages } from '../../../test/support/messages.js';
import type { Addressee } from '../../kernel/account.js';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { MemoryMessageQueue } from '../../../test/support/memory-messages.js';
import { MemoryRecords } from '../../../test/support/memory-records.js';
import { noRecorder } from '../../../test/support/recorder.js';
import type { KfEvent } from '../../queue/kf-event.js';
import type { AttemptResult } from '../../dispatch/endpoint/attempt.js';
import type { BotEndpoints } from '../../dispatch/endpoint/bot-endpoint.js';
import { HealthyLogLines } from '../../kernel/healthy-log-lines.js';
import { Metrics } from '../../metrics/metrics.js';
import { MemoryQueueStore } from '../../../test/support/memory-queue.js';
import { type Message, webhookIdOf } from '../../queue/message.js';
import type { Turn } from '../../queue/message-queue.js';
import { LaneSender } from './lane-sender.js';
import { CustomerLanes } from './customer-lanes.js';
import { type StoredPage, PulledMessages } from '../queue/pulled-messages.js';
import type { LongWaits } from './long-waits.js';
import { MessageAttempts } from './message-attempts.js';
import { MessageLog } from './message-log.js';
import { MessageMetrics } from './message-metrics.js';
import { MessageOutcomes } from './message-outcomes.js';
import type { ReadyDestination, Recipients } from './recipients.js';

const CORP = 'wwCorp_1';
const ENDPOINT = { origin: 'http://ai', host: 'ai', basePath: '', href: 'http://ai#bot-1' };
const LEASE_MS = 15_000;
const LOOK_AGAIN_MS = 250;

const TAKEN: AttemptResult = { taken: true, status: 200 };
const REFUSED: AttemptResult = { taken: false, stage: 'status', reason: 'status 500', status: 500 };
const AWAY: AttemptResult = { taken: false, stage: 'connect', reason: 'no connection' };

let clock: ManualClock;
let queue: TestMessages;
let attempts: MessageAttempts;
let lanes: CustomerLanes;
let pulled: PulledMessages;
let isPaused: boolean;
let isOpen: boolean;
let concurrency: number;
/** How many probes came to nothing. */
let inconclusive: number;
/** Accounts that have left the loop. */
let left: string[];
/** Messages that the service is asked about now, by `msgid`, in the order in which they began. */
let asked: Map<string, (result: AttemptResult) => void>;
/** Messages whose customers are told if they wait for long. */
let waiting: string[];
const names = new Map<string, string>();

beforeEach(() => {
  clock = new ManualClock();
  queue = new MemoryMessageQueue(new MemoryQueueStore(), new MemoryRecords());
  [asked, isPaused, isOpen, concurrency] = [new Map(), false, false, 16];
  [inconclusive, left] = [0, []];
  const log = new MessageLog(pino({ level: 'silent' }), new HealthyLogLines(1), noRecorder(clock));
  const config = { messagesAheadMax: 1_000, messageTries: 8 };
  const outcomes = new MessageOutcomes(queue, new MessageMetrics(new Metrics()), log, clock, config);
  const botEndpoint = {
    attempt: ({ id }: KfEvent) => {
      const { promise, resolve } = Promise.withResolvers<AttemptResult>();
      const name = names.get(id) ?? '';
      asked.set(name, (result) => {
        asked.delete(name);
        resolve(result);
      });
      return { result: promise, withdraw: () => false };
    },
  };
  const botEndpoints = {
    circuits: { isOpen: () => isOpen, inconclusive: () => inconclusive++ },
    to: () => botEndpoint,
  } as unknown as BotEndpoints;
  attempts = new MessageAttempts(clock);
  const recipients = {
    findNow: (turn: Turn) => (isPaused ? null : recipientOf(turn)),
  } as Partial<Recipients> as Recipients;
  waiting = [];
  const waits = {
    begin: (_account: unknown, _bot: unknown, { msgid }: Message) => void waiting.push(msgid),
    end: ({ msgid }: Message) => (waiting = waiting.filter((one) => one !== msgid)),
  } as unknown as LongWaits;
  pulled = new PulledMessages();
  const sender = new LaneSender(botEndpoints, outcomes, attempts, waits, clock);
  lanes = new CustomerLanes(queue, recipients, botEndpoints.circuits, sender, clock, clock, pulled);
});

/** Messages such as `a1`, of customer `a`. */
async function keep(openKfId: string, ...msgids: string[]): Promise<void> {
  const account = { corpId: CORP, openKfId };
  for (const msgid of msgids) names.set(webhookIdOf({ ...account, msgid }), msgid);
  const messages = msgids.map((msgid) => newMessage(msgid, { lane: `${openKfId} ${msgid[0]}` }));
  const lease = await queue.pulls.begin(account, 'app-1', clock.nowMs(), LEASE_MS);
  const page = pulledPage(messages, { endpoint: ENDPOINT.href });
  await queue.pulls.keep(account, lease?.id ?? '', page, clock.nowMs(), LEASE_MS);
  await queue.pulls.end(account, lease?.id ?? '');
}

function recipientOf(turn: Turn): ReadyDestination {
  const ids = { id: 'bot-1', order: 'customer', kind: 'agent', takes: 'message' };
  const bot = { ...ids, secrets: {}, endpoint: {}, agent: { concurrency } };
  return { ...turn, bot, endpoint: ENDPOINT, state: 'ready' } as unknown as ReadyDestination;
}

/** A turn of each account that is due. */
async function begin(): Promise<Promise<void>[]> {
  const turns = await queue.lines.claimDue(clock.nowMs(), 10, 600_000, new Set());
  const sent = turns.map((turn) =>
    lanes.sendAll(turn, recipientOf(turn), 'due', () => left.push(turn.openKfId)),
  );
  await clock.advance(0);
  return sent;
}

async function end(msgid: string, result = TAKEN): Promise<void> {
  asked.get(msgid)?.(result);
  await clock.advance(0);
}

const tell = (account: Addressee) => pulled.tell({ account, bot: {} as StoredPage['bot'], messages: [] });

const underWay = () => [...asked.keys()];

describe('messages of an account', () => {
  it('go at the same time for different customers, and one after the other for the same one', async () => {
    await keep('wk1', 'a1', 'a2', 'b1', 'c1');
    const [turn] = await begin();
    expect(underWay()).toEqual(['a1', 'b1', 'c1']);
    await end('a1');
    expect(underWay()).toEqual(['b1', 'c1', 'a2']);
    for (const msgid of ['c1', 'a2', 'b1']) await end(msgid);
    await turn;
    expect(await queue.counts(null)).toMatchObject({ waiting: 0 });
  });

  it('that come while others are under way need not wait for them', async () => {
    await keep('wk1', 'a1');
    const [turn] = await begin();
    await keep('wk1', 'b1');
    tell({ corpId: CORP, openKfId: 'wk2' });
    await clock.advance(0);
    expect(underWay()).toEqual(['a1']);
    tell({ corpId: CORP, openKfId: 'wk1' });
    await clock.advance(0);
    expect(underWay()).toEqual(['a1', 'b1']);
    // Another replica may have pulled it.
    await keep('wk1', 'c1');
    await clock.advance(LOOK_AGAIN_MS);
    expect(underWay()).toEqual(['a1', 'b1', 'c1']);
    await Promise.all([end('a1'), end('b1'), end('c1'), turn]);
  });

  it('go on for others when one is refused, which holds up its own customer alone', async () => {
    await keep('wk1', 'a1', 'a2', 'b1');
    const [turn] = await begin();
    await end('a1', REFUSED);
    await keep('wk1', 'c1');
    await clock.advance(LOOK_AGAIN_MS);
    expect(underWay()).toEqual(['b1', 'c1']);
    await Promise.all([end('b1'), end('c1'), turn]);
    expect(waiting).toEqual(['a1']);
    await clock.advance(2_000);
    await begin();
    expect(underWay()).toEqual(['a1']);
  });

  it('go on for others when one has no answer, and when the settings of the bot change', async () => {
    await keep('wk1', 'a1', 'b1');
    const [turn] = await begin();
    await end('a1', AWAY);
    concurrency = 2;
    await keep('wk1', 'c1', 'd1');
    await clock.advance(LOOK_AGAIN_MS);
    expect(underWay()).toEqual(['b1', 'c1']);
    await clock.advance(2_000);
    await end('b1');
    expect(underWay()).toEqual(['c1', 'a1']);
    for (const msgid of ['a1', 'c1', 'd1']) await end(msgid);
    await turn;
  });

  it('begin no more when the service is only probed, or when the bot is paused', async () => {
    for (const stop of [async () => (isOpen = true), async () => (isPaused = true)]) {
      await keep('wk1', 'a1');
      const [turn] = await begin();
      await stop();
      await keep('wk1', 'b1');
      await clock.advance(LOOK_AGAIN_MS);
      expect(underWay()).not.toContain('b1');
      await end('a1');
      await turn;
      [isOpen, isPaused] = [false, false];
      for (const msgid of ['a1', 'b1']) await queue.drop({ corpId: CORP, openKfId: 'wk1' }, msgid);
    }
  });

  it('end with the manager: nothing begins, and after 10 s nothing is waited for', async () => {
    await keep('wk1', 'a1', 'a2');
    const [turn] = await begin();
    attempts.onApplicationShutdown();
    await clock.advance(10_000);
    await turn;
    expect(await queue.counts(null)).toMatchObject({ waiting: 2 });
  });
});

describe('a probe of a service whose circuit is open', () => {
  beforeEach(async () => {
    await keep('wk1', 'a1', 'b1');
    const [turn] = await begin();
    void turn;
    await end('b1', AWAY);
    isOpen = true;
  });

  it('is sent by an account that waits for an answer, though its message is not due', async () => {
    expect(await lanes.probe('http://other#bot-2')).toBe(false);
    expect(await lanes.probe(ENDPOINT.href)).toBe(true);
    await clock.advance(0);
    expect(underWay()).toEqual(['a1', 'b1']);
    await keep('wk1', 'c1');
    await clock.advance(LOOK_AGAIN_MS);
    expect(underWay()).toEqual(['a1', 'b1']);
    expect(inconclusive).toBe(0);
  });

  it('is followed by another one where it comes to nothing', async () => {
    isPaused = true;
    expect(await lanes.probe(ENDPOINT.href)).toBe(true);
    await clock.advance(0);
    expect([underWay(), inconclusive]).toEqual([['a1'], 1]);
  });

  it('needs a message', async () => {
    await queue.drop({ corpId: CORP, openKfId: 'wk1' }, 'b1');
    expect(await lanes.probe(ENDPOINT.href)).toBe(false);
  });
});

describe('a turn after one that ended without a word', () => {
  const claim = async (leaseMs: number) =>
    (await queue.lines.claimDue(clock.nowMs(), 1, leaseMs, new Set())).map(({ isInDoubt }) => isInDoubt);

  beforeEach(async () => {
    await keep('wk1', 'a1', 'b1');
    await claim(1_000);
    await clock.advance(1_000);
  });

  it('leaves its doubt to the next one as long as messages are left that it did not send', async () => {
    isPaused = true;
    const [turn] = await begin();
    await turn;
    expect(await claim(1_000)).toEqual([true]);
  });

  it('leaves none once all that was due was sent', async () => {
    const [turn] = await begin();
    await end('a1', REFUSED);
    await end('b1');
    await turn;
    await clock.advance(2_000);
    expect(await claim(1_000)).toEqual([false]);
  });
});

describe('the accounts of a bot', () => {
  it('have so many messages under way together as it is set to, and take turns', async () => {
    concurrency = 2;
    await keep('wk1', 'a1', 'b1', 'c1');
    await keep('wk2', 'x1', 'y1', 'z1');
    const turns = await begin();
    expect(underWay()).toEqual(['a1', 'x1']);
    await end('a1');
    await end('x1');
    expect(underWay()).toEqual(['b1', 'y1']);
    await end('b1');
    expect(underWay()).toEqual(['y1', 'c1']);
    for (const msgid of ['y1', 'c1', 'z1']) await end(msgid);
    await Promise.all(turns);
    expect(await queue.counts(null)).toMatchObject({ waiting: 0 });
  });

  it('leave the loop with their first message under way, and give others their turn without one', async () => {
    concurrency = 1;
    await keep('wk1', 'a1', 'b1');
    await keep('wk2', 'x1');
    const turns = await begin();
    expect([underWay(), left]).toEqual([['a1'], ['wk1']]);
    await end('a1');
    expect([underWay(), left]).toEqual([['x1'], ['wk1', 'wk2']]);
    await turns[0];
    // It waits for a place in the loop.
    turns.push(...(await begin()));
    expect(underWay()).toEqual(['x1']);
    await end('x1');
    expect([underWay(), left]).toEqual([['b1'], ['wk1', 'wk2', 'wk1']]);
    await end('b1');
    await Promise.all(turns);
  });

  it('keep their turns when they may have more under way', async () => {
    concurrency = 1;
    await keep('wk1', 'a1');
    await keep('wk2', 'x1');
    await keep('wk3', 'm1');
    const turns = await begin();
    expect(underWay()).toEqual(['a1']);
    concurrency = 2;
    await keep('wk4', 'z1');
    turns.push(...(await begin()));
    expect(underWay()).toEqual(['a1', 'x1']);
    for (const msgid of ['a1', 'x1', 'm1', 'z1']) await end(msgid);
    await Promise.all(turns);
  });
});

it('a turn whose outcome cannot be stored begins nothing more, and fails when all have ended', async () => {
  await keep('wk1', 'a1', 'b1');
  const [turn] = await begin();
  const failed = expect(turn).rejects.toThrow('away');
  queue.taken = async () => {
    throw new Error('away');
  };
  await end('a1');
  await keep('wk1', 'c1');
  await clock.advance(LOOK_AGAIN_MS);
  expect(underWay()).toEqual(['b1']);
  await end('b1');
  await failed;
});
