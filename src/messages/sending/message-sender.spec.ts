import { newMessage, pulledPage, type TestMessages } from '../../../test/support/messages.js';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { noRecorder } from '../../../test/support/recorder.js';
import type { AttemptResult } from '../../dispatch/endpoint/attempt.js';
import type { Parcel } from '../../dispatch/endpoint/parcel.js';
import type { BotEndpoints } from '../../dispatch/endpoint/bot-endpoint.js';
import { HealthyLogLines } from '../../kernel/healthy-log-lines.js';
import { Secret } from '../../kernel/secret.js';
import { Metrics } from '../../metrics/metrics.js';
import { lapseLeases, MemoryMessageQueue } from '../../../test/support/memory-messages.js';
import { MemoryRecords } from '../../../test/support/memory-records.js';
import { MemoryQueueStore } from '../../../test/support/memory-queue.js';
import { MESSAGE_LIFE_MS, type MessageHead, type NewMessage, webhookIdOf } from '../../queue/message.js';
import type { MessageOrder } from '../../registry/bots/bot-values.js';
import { MessageLog } from './message-log.js';
import { MessageMetrics } from './message-metrics.js';
import { CallbackHalves } from './callback-halves.js';
import { CustomerLanes } from './customer-lanes.js';
import { PulledMessages } from '../queue/pulled-messages.js';
import type { LongWaits } from './long-waits.js';
import { MessageAttempts } from './message-attempts.js';
import { MessageOutcomes } from './message-outcomes.js';
import { LaneSender } from './lane-sender.js';
import { MessageTurns } from './message-turns.js';
import { MessageSender } from './message-sender.js';
import type { ReadyDestination, Recipients } from './recipients.js';

const ACCOUNT = { corpId: 'wwCorp_1', openKfId: 'wkAccount-1' };
const ENDPOINT = { origin: 'http://bot:8080', host: 'bot', basePath: '', href: 'http://bot:8080' };
const LEASE_MS = 15_000;
const HALVES_MS = 60_000;

const TAKEN: AttemptResult = { taken: true, status: 200 };

let clock: ManualClock;
let store: MemoryQueueStore;
let records: MemoryRecords;
let queue: TestMessages;
let turns: MessageTurns;
let tries: MessageAttempts;
let attempts: number;
/** What the attempts sent. */
let contents: unknown[];

/** What comes of an attempt at the bot, which pulls nothing. */
type Bot = (webhookId: string, attempt: number) => AttemptResult | Promise<AttemptResult>;

beforeEach(async () => {
  clock = new ManualClock();
  store = new MemoryQueueStore();
  records = new MemoryRecords();
  mergeMs = 0;
  [attempts, contents] = [0, []];
});

/** As a process does that finds what an earlier one has kept. */
function start(kind: 'callback' | 'puppet', order: MessageOrder, bot: Bot, session: object = {}): void {
  queue = new MemoryMessageQueue(store, records);
  const log = new MessageLog(pino({ level: 'silent' }), new HealthyLogLines(1), noRecorder(clock));
  const config = { messagesAheadMax: 1_000, messageTries: 8 };
  const metrics = new MessageMetrics(new Metrics());
  const outcomes = new MessageOutcomes(queue, metrics, log, clock, config);
  const recipient = {
    ...ACCOUNT,
    ...{ bot: { id: 'bot-1', kind, order, session, callback: { form: 'wecom' } } },
    ...{ endpoint: ENDPOINT, state: 'ready' },
  } as unknown as ReadyDestination;
  const botEndpoint = {
    attempt: ({ id, attempt, body }: Parcel) => {
      if (kind === 'puppet' && body.kind === 'message') contents.push(body.content.reveal());
      attempts++;
      return { result: Promise.resolve(bot(id, attempt)), withdraw: () => false };
    },
  };
  const botEndpoints = {
    circuits: { isOpen: () => false },
    to: () => botEndpoint,
  } as unknown as BotEndpoints;
  const halves = new CallbackHalves(queue, outcomes, { ended: () => {} } as never, clock, clock, log);
  const recipients = {
    find: async () => recipient,
    isStill: () => true,
  } as Partial<Recipients> as Recipients;
  tries = new MessageAttempts(clock);
  const waits = { begin: () => {}, end: () => {} } as unknown as LongWaits;
  const laneSender = new LaneSender(botEndpoints, outcomes, tries, waits, clock);
  const { circuits } = botEndpoints;
  const lanes = new CustomerLanes(
    queue,
    recipients,
    circuits,
    laneSender,
    clock,
    clock,
    new PulledMessages(),
  );
  const one = new MessageSender(queue, botEndpoints, outcomes, halves, tries, clock);
  turns = new MessageTurns(queue, recipients, lanes, one, clock, clock);
}

/** How long texts are held. */
let mergeMs: number;

async function keep(...messages: NewMessage[]): Promise<void> {
  const lease = await queue.pulls.begin(ACCOUNT, 'app-1', clock.nowMs(), LEASE_MS);
  const page = pulledPage(messages, { endpoint: ENDPOINT.href, mergeMs });
  await queue.pulls.keep(ACCOUNT, lease?.id ?? '', page, clock.nowMs(), LEASE_MS);
  await queue.pulls.end(ACCOUNT, lease?.id ?? '');
}

/** @returns whether there was one. */
async function sendTurn(): Promise<boolean> {
  const [turn] = await queue.lines.claimDue(clock.nowMs(), 1, LEASE_MS, new Set());
  if (turn === undefined) return false;
  const sent = turns.send(turn, 'due', () => {});
  // As long as it waits for a pull.
  for (let ms = 0; ms < 1_100; ms += 100) await clock.advance(100);
  await sent;
  return true;
}

async function find(msgid: string): Promise<MessageHead | undefined> {
  const filter = { states: ['waiting', 'dead'], corpId: null, openKfId: null } as const;
  return (await queue.list(filter, null, 10)).messages.find((head) => head.msgid === msgid);
}

const EXPIRED = { state: 'dead', lastFailure: { stage: 'expired' } };

describe('a message whose bot answers and never pulls', () => {
  beforeEach(() => {
    start('callback', 'account', () => TAKEN);
    return keep(newMessage('m1'));
  });

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
    await queue.replay(ACCOUNT, 'm1', ENDPOINT.href, clock.nowMs());
    await queue.wake(ACCOUNT, ENDPOINT.href, clock.nowMs());
    const before = attempts;
    await sendTurn();
    expect([attempts, await find('m1')]).toMatchObject([before + 1, { state: 'waiting' }]);
    await clock.advance(HALVES_MS);
    await sendTurn();
    expect([attempts, await find('m1')]).toMatchObject([before + 1, EXPIRED]);
  });
});

describe('a stop', () => {
  it('waits 10 s for a bot that is at work, and leaves its message due, under the next attempt', async () => {
    start('callback', 'account', () => new Promise(() => {}));
    await keep(newMessage('m1'));
    const [turn] = await queue.lines.claimDue(clock.nowMs(), 1, LEASE_MS, new Set());
    if (turn === undefined) throw new Error('nothing is due');
    let isOver = false;
    const sent = turns.send(turn, 'due', () => {}).then(() => (isOver = true));
    await clock.advance(0);
    tries.onApplicationShutdown();
    await clock.advance(9_999);
    expect(isOver).toBe(false);
    await clock.advance(1);
    await sent;
    expect(await find('m1')).toMatchObject({ state: 'waiting', attempts: 1, refusals: 0 });
  });
});

describe('a message that waited for 3 days', () => {
  it('is dead also where it was never tried, as while its bot was away', async () => {
    start('callback', 'account', () => TAKEN);
    await keep(newMessage('m1'));
    await clock.advance(MESSAGE_LIFE_MS);
    await sendTurn();
    expect([attempts, await find('m1')]).toMatchObject([0, EXPIRED]);
  });
});

describe('after a kill, with a message of each customer', () => {
  const AWAY: AttemptResult = { taken: false, stage: 'connect', reason: 'no connection (ECONNREFUSED)' };
  const FULL: AttemptResult = { taken: false, stage: 'saturated', reason: 'too many at once' };
  const REFUSED: AttemptResult = { taken: false, stage: 'status', reason: 'status 500', status: 500 };
  let sent: string[];

  /** Notes each attempt, as `a1#1`. */
  function bot(answerTo: (attempt: string) => AttemptResult | null): Bot {
    const names = new Map(
      ['a1', 'a2', 'b1', 'c1'].map((msgid) => [webhookIdOf({ ...ACCOUNT, msgid }), msgid]),
    );
    return (id, attempt) => {
      const name = `${names.get(id)}#${attempt}`;
      sent.push(name);
      return answerTo(name) ?? new Promise<never>(() => {});
    };
  }

  /** The first customer's message is refused. The process dies when it has sent the second one's. */
  beforeEach(async () => {
    sent = [];
    start(
      'puppet',
      'customer',
      bot((attempt) => (attempt === 'a1#1' ? REFUSED : null)),
    );
    await keep(...['a', 'b', 'c'].map((lane) => newMessage(`${lane}1`, { lane })));
    const [turn] = await queue.lines.claimDue(clock.nowMs(), 1, LEASE_MS, new Set());
    if (turn === undefined) throw new Error('nothing is due');
    void turns.send(turn, 'due', () => {});
    await clock.advance(0);
    expect(sent.splice(0)).toEqual(['a1#1', 'b1#1']);
    await lapseLeases(store);
  });

  it('the one that was sent is not said to be a first attempt', async () => {
    start(
      'puppet',
      'customer',
      bot(() => TAKEN),
    );
    await sendTurn();
    expect(sent).toEqual(['b1#2', 'c1#1']);
  });

  it('nor is it when the bot is away for the first turn', async () => {
    let answer: AttemptResult = AWAY;
    start(
      'puppet',
      'customer',
      bot(() => answer),
    );
    const probe = await queue.lines.claimOldest(ENDPOINT.href, clock.nowMs(), LEASE_MS);
    if (probe === null) throw new Error('nothing waits');
    await turns.send(probe, 'probe', () => {});
    expect(sent.splice(0)).toEqual(['a1#2']);
    answer = TAKEN;
    await sendTurn();
    expect(sent).toEqual(['b1#2', 'c1#1']);
  });

  it('nor when no place was free for it', async () => {
    let answer: AttemptResult = FULL;
    start(
      'puppet',
      'customer',
      bot(() => answer),
    );
    await sendTurn();
    answer = TAKEN;
    // So that the refused one is due too, whatever its pause.
    await clock.advance(60_000);
    await sendTurn();
    expect(sent).toEqual(['b1#2', 'a1#2', 'b1#2', 'c1#1']);
  });

  it('nor when another one comes before it that had to wait for a refused one', async () => {
    start(
      'puppet',
      'customer',
      bot(() => TAKEN),
    );
    await keep(newMessage('a2', { lane: 'a' }));
    await clock.advance(60_000);
    await sendTurn();
    expect(sent).toEqual(['a1#2', 'b1#2', 'c1#1', 'a2#1']);
  });
});

describe('after a kill, with messages that all go one after the other', () => {
  /** Of m1 and m2, as `m1#1`. Only the second process has an answer. */
  async function sendAgain(kind: 'callback' | 'puppet', kills: number): Promise<readonly string[]> {
    const names = new Map(['m1', 'm2'].map((msgid) => [webhookIdOf({ ...ACCOUNT, msgid }), msgid]));
    const sent: string[] = [];
    let answer: AttemptResult | null = null;
    const bot: Bot = (id, attempt) => {
      sent.push(`${names.get(id)}#${attempt}`);
      return answer ?? new Promise<never>(() => {});
    };
    start(kind, 'account', bot);
    await keep(newMessage('m1'), newMessage('m2'));
    for (let kill = 0; kill < kills; kill++) {
      start(kind, 'account', bot);
      const [turn] = await queue.lines.claimDue(clock.nowMs(), 1, LEASE_MS, new Set());
      if (turn === undefined) throw new Error('nothing is due');
      void turns.send(turn, 'due', () => {});
      await clock.advance(0);
      await lapseLeases(store);
    }
    sent.length = 0;
    answer = TAKEN;
    start(kind, 'account', bot);
    await sendTurn();
    return sent;
  }

  it('the first one is not said to be a first attempt, the next one is', async () => {
    expect(await sendAgain('puppet', 1)).toEqual(['m1#2', 'm2#1']);
  });

  it('nor is the one that was sent where an urgent one goes before it meanwhile', async () => {
    const names = new Map(['u1', 'm1', 'm2'].map((msgid) => [webhookIdOf({ ...ACCOUNT, msgid }), msgid]));
    start('puppet', 'account', () => new Promise(() => {}));
    await keep(newMessage('m1'), newMessage('m2'));
    const [turn] = await queue.lines.claimDue(clock.nowMs(), 1, LEASE_MS, new Set());
    if (turn === undefined) throw new Error('nothing is due');
    void turns.send(turn, 'due', () => {});
    await clock.advance(0);
    await lapseLeases(store);
    const sent: string[] = [];
    start('puppet', 'account', (id, attempt) => {
      sent.push(`${names.get(id)}#${attempt}`);
      return TAKEN;
    });
    await keep(newMessage('u1', { isUrgent: true }));
    await sendTurn();
    // The urgent one may have been sent, too: nobody knows which of them it was.
    expect(sent).toEqual(['u1#2', 'm1#2', 'm2#1']);
  });

  it('attempts that ended with their processes count one by one where they were begun', async () => {
    expect(await sendAgain('callback', 2)).toEqual(['m1#3']);
  });
});

it('after a kill, what a callback bot was told last is not said to be a first attempt, however long others take', async () => {
  const BUSY: AttemptResult = { taken: false, stage: 'saturated', reason: 'too many at once' };
  const REFUSED: AttemptResult = { taken: false, stage: 'status', reason: 'status 500', status: 500 };
  const names = new Map(['a1', 'a2', 'b1'].map((msgid) => [webhookIdOf({ ...ACCOUNT, msgid }), msgid]));
  const sent: string[] = [];
  let answerTo: (name: string) => AttemptResult | null = (name) => (name === 'a1' ? REFUSED : null);
  const bot: Bot = (id, attempt) => {
    const name = names.get(id) ?? '';
    sent.push(`${name}#${attempt}`);
    return answerTo(name) ?? new Promise<never>(() => {});
  };
  start('callback', 'customer', bot);
  await keep(
    newMessage('a1', { lane: 'a' }),
    newMessage('a2', { lane: 'a' }),
    newMessage('b1', { lane: 'b' }),
  );
  const [turn] = await queue.lines.claimDue(clock.nowMs(), 1, LEASE_MS, new Set());
  if (turn === undefined) throw new Error('nothing is due');
  void turns.send(turn, 'due', () => {});
  await clock.advance(0);
  expect(sent.splice(0)).toEqual(['a1#1', 'b1#1']);
  await lapseLeases(store);
  answerTo = () => BUSY;
  start('callback', 'customer', bot);
  await queue.drop(ACCOUNT, 'a1');
  await sendTurn();
  expect(sent.splice(0)).toEqual(['a2#1']);
  await queue.drop(ACCOUNT, 'a2');
  await sendTurn();
  expect(sent).toEqual(['b1#2']);
});

describe('texts that a customer writes quickly', () => {
  const text = (msgid: string) => {
    const entry = { msgid, msgtype: 'text', text: { content: `says ${msgid}` } };
    return newMessage(msgid, { isText: true, content: new Secret(JSON.stringify(entry)) });
  };
  const sent = () => contents.splice(0).map((content) => JSON.parse(String(content)) as unknown);
  const joined = { msgtype: 'text', text: { content: 'says a\nsays b' }, merged: ['a', 'b'] };

  beforeEach(() => {
    mergeMs = 3_000;
  });

  it.each(['account', 'customer'] as const)(
    'are sent as one that names all of them, in the order %s',
    async (order) => {
      start('puppet', order, () => TAKEN, { mergeS: 3 });
      await keep(
        text('a'),
        newMessage('other', { lane: 'customer-2', type: 'image', content: new Secret('{}') }),
      );
      await sendTurn();
      expect(sent()).toEqual([{}]);
      await keep(text('b'));
      await sendTurn();
      expect(sent()).toEqual([]);
      await clock.advance(3_000);
      await sendTurn();
      expect(sent()).toEqual([{ msgid: 'b', ...joined }]);
      expect(await queue.counts(null)).toMatchObject({ waiting: 0, dead: 0 });
    },
  );

  it('come again as they were where the bot refused them, without what came meanwhile', async () => {
    let answer: AttemptResult = { taken: false, stage: 'status', reason: 'status 500', status: 500 };
    start('puppet', 'account', () => answer, { mergeS: 3 });
    await keep(text('a'), text('b'));
    await clock.advance(3_000);
    await sendTurn();
    answer = TAKEN;
    await keep(text('c'));
    await clock.advance(60_000);
    await sendTurn();
    const both = { msgid: 'b', ...joined };
    const [first, again, last] = sent();
    expect([first, again]).toEqual([both, both]);
    expect(last).toMatchObject({ msgid: 'c', text: { content: 'says c' } });
  });

  it('that a killed process may have sent are joined with no later one', async () => {
    start('puppet', 'account', () => new Promise(() => {}), { mergeS: 3 });
    await keep(text('a'));
    await clock.advance(3_000);
    const [turn] = await queue.lines.claimDue(clock.nowMs(), 1, LEASE_MS, new Set());
    if (turn === undefined) throw new Error('nothing is due');
    void turns.send(turn, 'due', () => {});
    await clock.advance(0);
    await lapseLeases(store);
    start('puppet', 'account', () => TAKEN, { mergeS: 3 });
    await keep(text('b'));
    await clock.advance(3_000);
    await sendTurn();
    expect(sent()).toMatchObject([{ msgid: 'a' }, { msgid: 'a' }, { msgid: 'b' }]);
  });
});
