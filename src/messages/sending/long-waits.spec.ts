import { knownBot } from '../../../test/support/bots.js';
import { newMessage, pulledPage, type TestMessages } from '../../../test/support/messages.js';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { MemoryMessageQueue } from '../../../test/support/memory-messages.js';
import { MemoryRecords } from '../../../test/support/memory-records.js';
import type { BotEndpoint, BotEndpoints } from '../../dispatch/endpoint/bot-endpoint.js';
import type { Destinations, MessageDestination } from '../../registry/accounts/destination.js';
import type { KnownBot } from '../../registry/bots/known-bots.js';
import { MemoryQueueStore } from '../../../test/support/memory-queue.js';
import type { MessageHead, NewMessage } from '../../queue/message.js';
import { PulledMessages } from '../queue/pulled-messages.js';
import { LongWaits } from './long-waits.js';

const ACCOUNT = { corpId: 'wwCorp_1', openKfId: 'wkAccount-1' };
const LEASE_MS = 15_000;

let clock: ManualClock;
let queue: TestMessages;
let waits: LongWaits;
let bot: KnownBot;
let state: MessageDestination['state'];
/** What the messages say whose customers are told to wait. */
let told: string[];
/** Whether a customer can be told. */
let isDone: boolean;

beforeEach(() => {
  clock = new ManualClock();
  queue = new MemoryMessageQueue(new MemoryQueueStore(), new MemoryRecords());
  bot = { id: 'bot-1', kind: 'agent', agent: { fallback: 'Wait.', fallbackAfterS: 30 } } as KnownBot;
  [state, told, isDone] = ['ready', [], true];
  waits = newWaits();
});

function newWaits(): LongWaits {
  const destinations: Pick<Destinations, 'findForMessages'> = {
    findForMessages: (account) => ({ ...account, bot, state }) as MessageDestination,
  };
  const botEndpoint: Pick<BotEndpoint, 'tellToWait'> = {
    tellToWait: async ({ body }) => {
      told.push(body.kind === 'message' ? body.content.reveal() : '');
      return isDone;
    },
  };
  const botEndpoints = { to: () => botEndpoint } as unknown as BotEndpoints;
  return new LongWaits(queue, destinations as Destinations, botEndpoints, clock, clock, new PulledMessages());
}

async function keep(msgid: string, fields: Partial<NewMessage> = {}): Promise<MessageHead> {
  const message = newMessage(msgid, { sentAtMs: clock.nowMs(), ...fields });
  const lease = await queue.pulls.begin(ACCOUNT, 'app-1', clock.nowMs(), LEASE_MS);
  await queue.pulls.keep(
    ACCOUNT,
    lease?.id ?? '',
    pulledPage([message], { isLast: true }),
    clock.nowMs(),
    LEASE_MS,
  );
  const { messages } = await queue.list({ states: ['waiting'], ...ACCOUNT }, null, 10);
  return messages.find((one) => one.msgid === msgid) as MessageHead;
}

describe('the customer of a message that waits', () => {
  it('is told so after the time of its bot, however often it was begun', async () => {
    const message = await keep('m1', { sentAtMs: clock.nowMs() - 10_000 });
    for (const _ of [1, 2]) waits.begin(ACCOUNT, bot, message);
    await clock.advance(19_999);
    expect(told).toEqual([]);
    await clock.advance(60_000);
    expect(told).toEqual(['what m1 says']);
  });

  it('is told nothing once it was taken, here or elsewhere, alone or joined to another one', async () => {
    const [here, joined, elsewhere] = [await keep('m1'), await keep('m2'), await keep('m3')];
    for (const message of [here, joined, elsewhere]) waits.begin(ACCOUNT, bot, message);
    waits.end({ ...here, merged: ['m2', 'm1'] });
    await queue.drop(ACCOUNT, 'm3');
    expect(clock.pendingTimers).toBe(1);
    await clock.advance(30_000);
    expect(told).toEqual([]);
  });

  it('is told also by a manager that was started later', async () => {
    await keep('m1');
    await waits.findAll();
    await waits.findAll();
    await clock.advance(30_000);
    expect(told).toEqual(['what m1 says']);
  });

  it('is told so soon after that could not be done, for a minute at most, and not once it was taken', async () => {
    isDone = false;
    waits.begin(ACCOUNT, bot, await keep('m1'));
    await clock.advance(30_000);
    isDone = true;
    await clock.advance(60_000);
    expect(told).toHaveLength(2);
    isDone = false;
    waits.begin(ACCOUNT, bot, await keep('m2'));
    const taken = await keep('m3');
    waits.begin(ACCOUNT, bot, taken);
    await clock.advance(30_000);
    expect(told).toHaveLength(4);
    waits.end(taken);
    await clock.advance(3_600_000);
    expect(told).toHaveLength(16);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is told nothing where the bot has no words for it or is paused, and of what is no customer’s', async () => {
    waits.begin(ACCOUNT, bot, await keep('m1', { origin: 4 }));
    waits.begin(ACCOUNT, knownBot(), await keep('m2'));
    waits.begin(ACCOUNT, bot, await keep('m3'));
    state = 'paused';
    await clock.advance(30_000);
    expect(told).toEqual([]);
  });
});
