/** What messages on SQLite promise beyond the contract: about a full disk, and what comes at once. */
import { newMessage, pulledPage, type TestMessages } from '../support/messages.js';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { AppError } from '../../src/kernel/app-error.js';
import { Sealer } from '../../src/crypto/sealer.js';
import { Secret } from '../../src/kernel/secret.js';
import { MessageContents } from '../../src/queue/message-contents.js';
import { Pulls } from '../../src/messages/queue/pulls.js';
import { MessageQueue, type Turn } from '../../src/queue/message-queue.js';
import type { OrderingBot } from '../../src/queue/next-messages.js';
import { SqliteRecords } from '../../src/storage/sqlite/records.js';
import { SqliteQueueStore } from '../../src/storage/sqlite/queue.js';
import { SqliteStore } from '../../src/storage/sqlite/sqlite-store.js';
import { ManualClock } from '../support/manual-clock.js';
import { type NewMessage, webhookIdOf } from '../../src/queue/message.js';
import { embeddedPlace, newSecretsKey, type Place } from '../support/place.js';
import { CONTENTS } from '../../src/store-contents.js';

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
const LEASE_MS = 15_000;
const ACCOUNT = { corpId: 'wwCorp_1', openKfId: 'wkAccount-1' };
const sealer = new Sealer([new Secret(newSecretsKey())]);

let place: Place;
let store: SqliteStore;
let messages: TestMessages;
let lines: Record<string, unknown>[];
let isFull: boolean;
const log = pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line)) });

beforeEach(async () => {
  place = embeddedPlace();
  lines = [];
  isFull = false;
  await open();
});

afterEach(async () => {
  await store.onApplicationShutdown();
  await place.discard();
});

/** With a disk that is full when a test says so: a real one is no thing for a test. */
async function open(): Promise<void> {
  store = await SqliteStore.open({ dataDir: place.env.DATA_DIR ?? '' }, CONTENTS);
  const queue = await SqliteQueueStore.open(store, log);
  store.requireWritable = () => {
    if (isFull) throw new AppError('STORE_UNAVAILABLE');
  };
  const step = store.step.bind(store);
  store.step = async (what, ...statements) => {
    await new Promise(setImmediate);
    if (isFull) throw new AppError('STORE_UNAVAILABLE');
    return step(what, ...statements);
  };
  const kept = new MessageQueue(queue, new MessageContents(sealer, log));
  const records = new SqliteRecords(store, new ManualClock(), sealer, log);
  messages = Object.assign(kept, { pulls: new Pulls(queue, kept, records) });
}

async function reopen(): Promise<void> {
  await store.onApplicationShutdown();
  await open();
}

async function keep(...ids: string[]) {
  const lease = await messages.pulls.begin(ACCOUNT, 'app-1', NOW_MS, LEASE_MS);
  const page = pulledPage(ids.map((id) => newMessage(id)));
  try {
    return await messages.pulls.keep(ACCOUNT, lease?.id ?? '', page, NOW_MS, LEASE_MS);
  } finally {
    await messages.pulls.end(ACCOUNT, lease?.id ?? '');
  }
}

async function claim(): Promise<Turn> {
  const [turn] = await messages.lines.claimDue(NOW_MS, 1, LEASE_MS, new Set());
  if (turn === undefined) throw new Error('no account is due');
  return turn;
}

const nextId = async (turn: Turn) =>
  (await messages.next(turn, { order: 'account' }, NOW_MS, { isProbe: false }))?.msgid;

const unavailable = { code: 'STORE_UNAVAILABLE' };

it('keeps the messages of an account whose line cannot be read, which come in their order', async () => {
  await keep('m1', 'm2');
  const spoil = { sql: "UPDATE lines SET details = 'x' WHERE kind = 'messages'" };
  await store.step('change line', spoil);
  expect(await messages.lines.claimDue(NOW_MS, 1, LEASE_MS, new Set())).toEqual([]);
  expect(lines).toMatchObject([
    { msg: 'message.record_unreadable', record: 'messages wwCorp_1/wkAccount-1' },
  ]);
  expect(await keep('m3')).toMatchObject({ added: 1, waiting: 3 });
  expect(await nextId(await claim())).toBe('m1');
});

it.each([
  ['is no JSON', "head = '{'"],
  ['is of another message', "head = json_set(head, '$.msgid', 'm9')"],
  ['says nothing', 'content = NULL'],
  ['has no number', 'attempts = NULL'],
])(
  'passes over a message whose row %s, says so once, and takes it when it comes again',
  async (_why, change) => {
    await keep('m1', 'm2');
    const key = webhookIdOf({ ...ACCOUNT, msgid: 'm1' });
    await store.step('change message', { sql: `UPDATE messages SET ${change} WHERE key = ?`, values: [key] });
    const turn = await claim();
    for (let n = 0; n < 2; n++) expect(await nextId(turn)).toBe('m2');
    expect(await messages.find(key)).toBeNull();
    expect(await messages.counts(ACCOUNT)).toMatchObject({ waiting: 1 });
    expect(lines).toMatchObject([{ level: 50, msg: 'message.record_unreadable', record: key }]);
    expect(await keep('m1')).toMatchObject({ added: 1, waiting: 2 });
    await messages.taken({ ...turn, msgid: 'm2' }, NOW_MS);
    expect(await nextId(turn)).toBe('m1');
  },
);

it('lists every account with waiting messages once, however many there are', async () => {
  const accounts = Array.from({ length: 1_001 }, (_, n) => ({
    corpId: 'wwCorp_1',
    openKfId: `wk${1_000 + n}`,
  }));
  await Promise.all(
    accounts.map((account) => messages.append(account, pulledPage([newMessage('m1')]), 1, 0, NOW_MS)),
  );
  const listed: string[] = [];
  for await (const { openKfId } of messages.listAccounts()) listed.push(openKfId);
  expect(listed).toEqual(accounts.map(({ openKfId }) => openKfId));
});

describe('on a full disk', () => {
  it('nothing is kept, and nothing is lost', async () => {
    await keep('m1');
    isFull = true;
    await expect(keep('m2')).rejects.toMatchObject(unavailable);
    expect(await messages.counts(null)).toMatchObject({ waiting: 1 });
    isFull = false;
    expect(await keep('m1', 'm2')).toMatchObject({ added: 1, waiting: 2 });
  });

  it('none is given to be sent, since that it was taken could not be written, and it would be sent again and again', async () => {
    await keep('m1', 'm2');
    const turn = await claim();
    isFull = true;
    await expect(nextId(turn)).rejects.toMatchObject(unavailable);
    const laterMs = NOW_MS + LEASE_MS;
    await expect(messages.lines.claimDue(laterMs, 1, LEASE_MS, new Set())).rejects.toMatchObject(unavailable);
    await expect(messages.lines.claimOldest('http://bot:8080', laterMs, LEASE_MS)).rejects.toMatchObject(
      unavailable,
    );
    isFull = false;
    expect(await messages.lines.claimDue(laterMs, 1, LEASE_MS, new Set())).toHaveLength(1);
  });

  it('what its bot took meanwhile is not given to be sent again, but noted as soon as there is room', async () => {
    await keep('m1', 'm2');
    const turn = await claim();
    isFull = true;
    await expect(messages.taken({ ...turn, msgid: 'm1' }, NOW_MS)).rejects.toMatchObject(unavailable);
    isFull = false;
    expect(await nextId(turn)).toBe('m2');
    expect(await messages.counts(null)).toMatchObject({ waiting: 1 });
    await reopen();
    expect(await nextId(await claim())).toBe('m2');
  });

  it('nor is what its bot has both answered and pulled', async () => {
    await keep('m1', 'm2');
    const turn = await claim();
    const attempt = { msgid: 'm1', attempt: 1 };
    await messages.begin(turn, { ...attempt, isAnswered: true, isPulled: false, untilMs: NOW_MS + 60_000 });
    isFull = true;
    await expect(messages.note(ACCOUNT, attempt, 'pulled', NOW_MS)).rejects.toMatchObject(unavailable);
    isFull = false;
    expect(await nextId(turn)).toBe('m2');
  });

  it('what was not written is as before', async () => {
    await keep('m1', 'm2');
    const turn = await claim();
    const before = await messages.list({ states: ['waiting'], corpId: null, openKfId: null }, null, 9);
    const failure = { atMs: NOW_MS, stage: 'connect', reason: 'x' } as const;
    const refused = {
      state: 'waiting',
      attempts: 1,
      refusals: 1,
      step: 1,
      dueAtMs: NOW_MS + 1,
      failure,
    } as const;
    isFull = true;
    await expect(messages.taken({ ...turn, msgid: 'm1' }, NOW_MS)).rejects.toMatchObject(unavailable);
    await expect(messages.refused(turn, 'm1', refused, NOW_MS)).rejects.toMatchObject(unavailable);
    await expect(
      messages.refused(turn, 'm1', { state: 'dead', attempts: 1, refusals: 1, failure }, NOW_MS),
    ).rejects.toMatchObject(unavailable);
    await expect(messages.pulls.handOver(turn, NOW_MS, null)).rejects.toMatchObject(unavailable);
    await expect(messages.drop(ACCOUNT, 'm1')).rejects.toMatchObject(unavailable);
    expect(await messages.list({ states: ['waiting'], corpId: null, openKfId: null }, null, 9)).toEqual(
      before,
    );
    isFull = false;
    await messages.taken({ ...turn, msgid: 'm1' }, NOW_MS);
    expect(await nextId(turn)).toBe('m2');
  });
});

it('a message that is given again while it is being removed is not new', async () => {
  await keep('m1');
  const turn = await claim();
  const [, kept] = await Promise.all([messages.taken({ ...turn, msgid: 'm1' }, NOW_MS), keep('m1')]);
  expect(kept).toMatchObject({ added: 0 });
  expect(await keep('m1')).toMatchObject({ added: 0, waiting: 0 });
});

it('changes of one account that come at once are all kept', async () => {
  await keep('m1');
  const lease = await messages.pulls.begin(ACCOUNT, 'app-1', NOW_MS, LEASE_MS);
  const page = pulledPage([newMessage('m2')], { cursor: 'cursor-2' });
  await Promise.all([
    messages.pulls.keep(ACCOUNT, lease?.id ?? '', page, NOW_MS, LEASE_MS),
    messages.pulls.cover(ACCOUNT, NOW_MS + 1, null),
  ]);
  await reopen();
  const again = await messages.pulls.begin(ACCOUNT, 'app-1', NOW_MS, LEASE_MS);
  expect(again).toMatchObject({ cursor: 'cursor-2', coveredUntilMs: NOW_MS + 1, waiting: 2 });
});

describe('of the messages of an account whose texts are held', () => {
  const MERGE_MS = 3_000;
  let contents: string[];

  beforeEach(() => {
    contents = [];
    const rows = store.rows.bind(store);
    store.rows = async <T>(sql: string, ...values: readonly never[]) => {
      const found = await rows<T>(sql, ...values);
      for (const { content } of found as readonly { content?: unknown }[])
        if (content !== undefined) contents.push(String(content));
      return found;
    };
  });

  async function keepTexts(entries: readonly NewMessage[]): Promise<Turn> {
    const lease = await messages.pulls.begin(ACCOUNT, 'app-1', NOW_MS, LEASE_MS);
    const page = pulledPage(entries, { mergeMs: MERGE_MS });
    await messages.pulls.keep(ACCOUNT, lease?.id ?? '', page, NOW_MS, LEASE_MS);
    await messages.pulls.end(ACCOUNT, lease?.id ?? '');
    return claim();
  }

  const text = (msgid: string, lane: string) =>
    newMessage(msgid, {
      ...{ lane, isText: true },
      content: new Secret(JSON.stringify({ text: { content: msgid } })),
    });
  const MERGING = { order: 'account', session: { mergeS: 3 } } as OrderingBot;
  const next = (turn: Turn, atMs: number, isNew?: () => boolean) =>
    messages.next(turn, MERGING, atMs, { isProbe: false, ...(isNew && { isNew }) });

  it('what goes past them is read, and not what they say', async () => {
    const held = Array.from({ length: 90 }, (_, n) => text(`held-${n}`, `customer ${n}`));
    const turn = await keepTexts([...held, newMessage('event', { lane: '', isText: false })]);
    expect((await next(turn, NOW_MS))?.msgid).toBe('event');
    contents.length = 0;
    await messages.release(turn, turn.endpoint, MERGING, NOW_MS);
    expect(contents.length).toBeLessThanOrEqual(8);
    contents.length = 0;
    expect((await next(await claim(), NOW_MS))?.msgid).toBe('event');
    expect(contents.length).toBeLessThanOrEqual(9);
  });

  it('one that is due is read with a few behind it, and joined with its own customer’s alone', async () => {
    const others = Array.from({ length: 90 }, (_, n) => text(`other-${n}`, `customer ${n}`));
    const turn = await keepTexts([text('one', 'she'), text('two', 'she'), ...others]);
    await messages.lines.renew(turn, NOW_MS, LEASE_MS);
    const first = await next(turn, NOW_MS + MERGE_MS);
    if (first === null) throw new Error('nothing is due');
    expect([first.msgid, contents.length]).toEqual(['one', 8]);
    contents.length = 0;
    const joined = await next(turn, NOW_MS + MERGE_MS, () => true);
    expect([joined?.merged, contents.length]).toEqual([['one', 'two'], 1]);
  });
});
