import { beforeEach, describe, expect, it } from '@jest/globals';
import { storedBot } from '../../../test/support/bots.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { newMessage, pulledPage } from '../../../test/support/messages.js';
import { Secret } from '../../kernel/secret.js';
import type { KnownBot } from '../../registry/bots/known-bots.js';
import { LocalMessageStore } from '../local-message-store.js';
import { MemoryMessageRecords } from '../message-records.js';
import type { Message } from '../message.js';
import type { MessageStore, Turn } from '../message-store.js';
import type { Puller } from '../pulling/puller.js';
import { QueuedAnswers } from '../queued-answers.js';
import { CallbackHalves } from './callback-halves.js';
import type { MessageOutcomes } from './message-outcomes.js';
import { PulledHalves } from './pulled-halves.js';

const ACCOUNT = { corpId: 'wwCorp_1', openKfId: 'wkAccount-1' };
const ENDPOINT = 'http://bot:8080';
const BOT = { ...storedBot(), opened: null, pulled: null, keysId: null } as Partial<KnownBot> as KnownBot;

let clock: ManualClock;
let store: MessageStore;
let halves: CallbackHalves;
let answers: QueuedAnswers;
let unpulled: number;

beforeEach(async () => {
  clock = new ManualClock();
  store = new LocalMessageStore(new MemoryMessageRecords());
  unpulled = 0;
  const outcomes: Pick<MessageOutcomes, 'putOff' | 'unpulled'> = {
    putOff: (turn, { msgid, refusals, step }, dueAtMs, attempts, failure) =>
      store.refused(turn, msgid, { attempts, refusals, step, dueAtMs, failure }, clock.nowMs()),
    unpulled: () => void unpulled++,
  };
  const pulled = new PulledHalves(clock);
  halves = new CallbackHalves(store, pulled, outcomes as MessageOutcomes, clock);
  const puller = { added: { wakeUp: () => {} } } as Partial<Puller> as Puller;
  answers = new QueuedAnswers(store, pulled, puller, clock);
  const lease = await store.beginPull(ACCOUNT, 'app-1', clock.nowMs(), 15_000);
  const content = new Secret('{"msgid":"m1"}');
  await store.keep(
    ACCOUNT,
    lease?.id ?? '',
    pulledPage([newMessage('m1', { content })], { endpoint: ENDPOINT }),
    clock.nowMs(),
    15_000,
  );
});

async function claim(): Promise<{ turn: Turn; message: Message } | null> {
  const [turn] = await store.claimDue(clock.nowMs(), 1, 15_000, new Set());
  const message = turn === undefined ? null : await store.next(turn, 'account', clock.nowMs(), false);
  return turn === undefined || message === null ? null : { turn, message };
}

async function begin(attempt = 1): Promise<{ turn: Turn; message: Message }> {
  const claimed = await claim();
  if (claimed === null) throw new Error('nothing is due');
  await halves.begin(claimed.turn, claimed.message, attempt);
  return claimed;
}

async function pull(cursor = ''): Promise<string> {
  const { body, wasSent } = await answers.answer(BOT, ACCOUNT.openKfId, cursor);
  await wasSent();
  return (body.msg_list as unknown[]).length === 0 ? '' : String(body.next_cursor);
}

const release = (turn: Turn) => store.release(turn, ENDPOINT, 'account', clock.nowMs());

describe('a message under way to a callback bot', () => {
  it('is taken when it was pulled and then answered', async () => {
    const { turn, message } = await begin();
    expect(await pull()).not.toBe('');
    expect(await halves.answered(turn, message, 1)).toBe(true);
    expect((await store.counts(ACCOUNT)).waiting).toBe(0);
  });

  it('is taken when it was answered and then pulled, while its turn waits', async () => {
    const { turn, message } = await begin();
    const answered = halves.answered(turn, message, 1);
    await clock.advance(500);
    await pull();
    expect(await answered).toBe(true);
    expect(unpulled).toBe(0);
  });

  it('is taken when it is pulled long after its turn, within 60 s', async () => {
    const { turn, message } = await begin();
    const answered = halves.answered(turn, message, 1);
    await clock.advance(1_000);
    expect(await answered).toBe(false);
    expect(unpulled).toBe(1);
    await release(turn);
    await clock.advance(58_000);
    expect(await claim()).toBeNull();
    expect(await pull()).not.toBe('');
    expect((await store.counts(ACCOUNT)).waiting).toBe(0);
  });

  it('is due again when it was not pulled within 60 s, and is not given out before', async () => {
    const { turn, message } = await begin();
    const answered = halves.answered(turn, message, 1);
    await clock.advance(1_000);
    await answered;
    await release(turn);
    await clock.advance(59_500);
    expect(await pull()).toBe('');
    await clock.advance(500);
    expect((await claim())?.message).toMatchObject({ msgid: 'm1', attempts: 1, refusals: 0 });
  });

  it('is given once in an attempt to a bot that goes on from the cursor, and once more in the next', async () => {
    const { turn } = await begin();
    const cursor = await pull();
    expect(await pull(cursor)).toBe('');
    expect(await pull()).toBe(cursor);
    await store.endUnderWay(turn);
    expect(await pull()).toBe('');
    await release(turn);
    await clock.advance(15_000);
    await begin(2);
    expect(await pull(cursor)).not.toBe('');
  });
});
