import { beforeEach, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { newMessage, pulledPage } from '../../../test/support/messages.js';
import { newSecretsKey } from '../../../test/support/place.js';
import { isSealed, Sealer } from '../../crypto/sealer.js';
import { Secret } from '../../kernel/secret.js';
import { LocalMessageStore } from '../../messages/local-message-store.js';
import { type NewMessage, webhookIdOf } from '../../messages/message.js';
import { MemoryMessageRecords } from '../../messages/message-records.js';
import type { MessageStore, Turn } from '../../messages/message-store.js';
import { SealedMessageStore } from './sealed-message.store.js';

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
const LEASE_MS = 15_000;
const ACCOUNT = { corpId: 'wwCorp_1', openKfId: 'wkAccount-1' };
const [OLD, NEW] = [newSecretsKey(), newSecretsKey()];

let records: MemoryMessageRecords;
let lines: Record<string, unknown>[];

beforeEach(() => {
  records = new MemoryMessageRecords();
  lines = [];
});

/** As after a start with these keys. */
function open(...keys: string[]): MessageStore {
  const log = pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line)) });
  const sealer = new Sealer(keys.map((key) => new Secret(key)));
  const inner = new LocalMessageStore(records, records.accounts(), records.heads());
  return new SealedMessageStore(inner, sealer, log);
}

async function keep(store: MessageStore, ...messages: NewMessage[]) {
  const lease = await store.beginPull(ACCOUNT, 'app-1', NOW_MS, LEASE_MS);
  return store.keep(ACCOUNT, lease?.id ?? '', pulledPage(messages), NOW_MS, LEASE_MS);
}

async function claim(store: MessageStore): Promise<Turn> {
  const [turn] = await store.claimDue(NOW_MS, 1, LEASE_MS, new Set());
  if (turn === undefined) throw new Error('no account is due');
  return turn;
}

const next = async (store: MessageStore, turn: Turn) =>
  (await store.next(turn, 'account', NOW_MS, false))?.content.reveal();

const stored = (msgid: string) => records.readContent(webhookIdOf({ ...ACCOUNT, msgid }))?.reveal() ?? '';

it('stores what a message says sealed, and gives it opened', async () => {
  const store = open(NEW);
  await keep(store, newMessage('m1'));
  expect(isSealed(stored('m1'))).toBe(true);
  const turn = await claim(store);
  expect(await next(store, turn)).toBe('what m1 says');
  const underWay = { msgid: 'm1', attempt: 1, isAnswered: false, isPulled: false, untilMs: NOW_MS };
  await store.begin(turn, underWay);
  expect((await store.findUnderWay(ACCOUNT))?.message.content.reveal()).toBe('what m1 says');
});

it('keeps nothing without a key', async () => {
  await expect(keep(open(), newMessage('m1'))).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    internal: { what: 'messages without SECRETS_KEY' },
  });
  expect(await open().counts(null)).toMatchObject({ waiting: 0 });
  expect(await open().listAccounts()).toEqual([]);
});

it('loses no message whose key is missing here, and says so once', async () => {
  await keep(open(OLD), newMessage('m1'), newMessage('m2'));
  const behind = open(NEW);
  const turn = await claim(behind);
  await behind.begin(turn, { msgid: 'm1', attempt: 1, isAnswered: false, isPulled: false, untilMs: NOW_MS });
  await expect(next(behind, turn)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  await expect(behind.findUnderWay(ACCOUNT)).rejects.toMatchObject({ internal: { what: 'open message' } });
  expect(lines).toMatchObject([{ level: 50, msg: 'secrets.cannot_open', ...ACCOUNT }]);
  expect(JSON.stringify(lines)).not.toMatch(/sealed v1|says/);
  const whole = open(NEW, OLD);
  expect(await next(whole, await claim(whole))).toBe('what m1 says');
});

it('opens no message in the place of another one', async () => {
  const store = open(NEW);
  await keep(store, newMessage('m1'), newMessage('m2'));
  const [head] = (await store.list({ states: ['waiting'], corpId: null, openKfId: null }, null, 1)).messages;
  if (head === undefined) throw new Error('nothing waits');
  await records.write({ kept: [{ ...head, content: new Secret(stored('m2')) }] });
  await expect(next(store, await claim(store))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  expect(lines).toMatchObject([{ msg: 'secrets.cannot_open' }]);
});
