import type { PulledPage, PullLease } from '../../src/messages/queue/pulls.js';
import { newMessage, pulledPage, type TestMessages } from '../support/messages.js';
import type { EntryFilter } from '../../src/storage/queue/entry.js';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Secret } from '../../src/kernel/secret.js';
import {
  type Message,
  MESSAGE_LIFE_MS,
  type NewMessage,
  SEEN_MS,
  webhookIdOf,
} from '../../src/queue/message.js';
import type { MessageOutcome, WaitingOutcome } from '../../src/queue/message-outcome.js';
import type { MessageOrder } from '../../src/registry/bots/bot-values.js';
import type { QueueStore } from '../../src/storage/queue/queue-store.js';
import type { Turn } from '../../src/queue/message-queue.js';
import type { OrderingBot } from '../../src/queue/next-messages.js';
import type { Addressee } from '../../src/kernel/account.js';
import type { UnderWay } from '../../src/queue/message-line.js';
import type { OwnPull } from '../../src/wecom/proxy/queued-messages.js';
import type { Failure } from '../../src/queue/failure.js';

/** One opened store; `reopen` opens the same data once more after closing it, as a restart does. */
export interface OpenedMessages {
  readonly messages: TestMessages;
  /** On which it is. */
  readonly queue: QueueStore;
  /** All that is stored, as it is stored; left out where nothing is. */
  storedBytes?(): Promise<Buffer>;
  reopen(): Promise<OpenedMessages>;
  close(): Promise<void>;
}

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
const LEASE_MS = 15_000;
const HOUR_MS = 3_600_000;
const ENDPOINT = 'http://bot:8080';
const NONE: ReadonlySet<string> = new Set();
const CUSTOMERS: OrderingBot = { order: 'customer' };
const ACCOUNT = { corpId: 'wwCorp_1', openKfId: 'wkAccount-1' };
const OTHER = { corpId: 'wwCorp_1', openKfId: 'wkAccount-2' };
const FAILURE: Failure = { atMs: NOW_MS, stage: 'connect', reason: 'no connection (ECONNREFUSED)' };
const DEAD: MessageOutcome = { state: 'dead', attempts: 9, refusals: 8, failure: FAILURE };
const ALL: EntryFilter = { states: ['waiting', 'dead'], corpId: null, openKfId: null };

const refusal = (fields: Partial<WaitingOutcome> = {}): WaitingOutcome => ({
  state: 'waiting',
  attempts: 1,
  refusals: 1,
  step: 1,
  dueAtMs: NOW_MS + 10_000,
  failure: FAILURE,
  ...fields,
});

const underWay = (msgid: string, fields: Partial<UnderWay> = {}): UnderWay => ({
  msgid,
  attempt: 1,
  isAnswered: false,
  isPulled: false,
  untilMs: NOW_MS + 5_000,
  ...fields,
});

const idsOf = (found: readonly { readonly msgid: string }[]) => found.map(({ msgid }) => msgid);

/** The promises of `MessageQueue`, on every store. */
export function messageQueueContract(open: () => Promise<OpenedMessages>): void {
  describe('a queue of messages', () => {
    let opened: OpenedMessages;
    let messages: TestMessages;

    beforeEach(async () => {
      opened = await open();
      messages = opened.messages;
    });

    afterEach(() => opened.close());

    async function reopen(): Promise<void> {
      opened = await opened.reopen();
      messages = opened.messages;
    }

    async function beginPull(account = ACCOUNT, nowMs = NOW_MS, appId = 'app-1'): Promise<PullLease> {
      const lease = await messages.pulls.begin(account, appId, nowMs, LEASE_MS);
      if (lease === null) throw new Error('another pull is under way');
      return lease;
    }

    /** A whole pull of one page. */
    async function keep(
      page: readonly (NewMessage | string)[],
      {
        account = ACCOUNT,
        nowMs = NOW_MS,
        ...fields
      }: Partial<PulledPage> & {
        account?: typeof ACCOUNT;
        nowMs?: number;
      } = {},
    ) {
      const { id } = await beginPull(account, nowMs);
      const entries = page.map((entry) => (typeof entry === 'string' ? newMessage(entry) : entry));
      const kept = await messages.pulls.keep(account, id, pulledPage(entries, fields), nowMs, LEASE_MS);
      await messages.pulls.end(account, id);
      if (kept === null) throw new Error('the lease was lost');
      return kept;
    }

    async function waitingAccounts() {
      const found: Addressee[] = [];
      for await (const account of messages.listAccounts()) found.push(account);
      return found;
    }

    const sweep = (nowMs: number) => opened.queue.sweep(nowMs - MESSAGE_LIFE_MS, nowMs + SEEN_MS, nowMs);

    const accountsOf = async () => (await messages.pulls.listAccounts('', 100)).accounts;

    const claimAll = (nowMs = NOW_MS, limit = 100, except = NONE) =>
      messages.lines.claimDue(nowMs, limit, LEASE_MS, except);

    async function claimOne(nowMs = NOW_MS): Promise<Turn> {
      const [turn] = await claimAll(nowMs);
      if (turn === undefined) throw new Error('no account is due');
      return turn;
    }

    const nextOf = (turn: Turn, order: MessageOrder = 'account', nowMs = NOW_MS, isProbe = false) =>
      messages.next(turn, { order }, nowMs, { isProbe });

    /** What a turn gives out until nothing is due. */
    async function takeAll(turn: Turn, order: MessageOrder = 'account', nowMs = NOW_MS): Promise<string[]> {
      const taken: string[] = [];
      for (;;) {
        const message = await nextOf(turn, order, nowMs);
        if (message === null) return taken;
        taken.push(message.msgid);
        await messages.taken(message, nowMs);
      }
    }

    const release = (turn: Turn, nowMs = NOW_MS, order: MessageOrder = 'account') =>
      messages.release(turn, turn.endpoint, { order }, nowMs);

    const customer = (msgid: string, lane: string) => newMessage(msgid, { lane });

    async function storedText(): Promise<string> {
      return (await opened.storedBytes?.())?.toString('latin1') ?? '';
    }

    describe('pulling', () => {
      it('is of one process at a time, until its lease is ended or lapses', async () => {
        const { id } = await beginPull();
        expect(await messages.pulls.begin(ACCOUNT, 'app-1', NOW_MS + LEASE_MS - 1, LEASE_MS)).toBeNull();
        expect(await messages.pulls.begin(OTHER, 'app-1', NOW_MS, LEASE_MS)).not.toBeNull();
        await messages.pulls.end(ACCOUNT, 'another');
        expect(await messages.pulls.begin(ACCOUNT, 'app-1', NOW_MS, LEASE_MS)).toBeNull();
        await messages.pulls.end(ACCOUNT, id);
        await beginPull();
        await beginPull(ACCOUNT, NOW_MS + LEASE_MS);
      });

      it('is over with its last page', async () => {
        const { id } = await beginPull();
        const page = pulledPage([newMessage('m1')], { isLast: true });
        expect(await messages.pulls.keep(ACCOUNT, id, page, NOW_MS, LEASE_MS)).toMatchObject({ added: 1 });
        const next = await beginPull();
        expect(next).toMatchObject({ cursor: 'cursor-1', waiting: 1 });
        expect(await messages.pulls.keep(ACCOUNT, id, page, NOW_MS, LEASE_MS)).toBeNull();
        await messages.pulls.end(ACCOUNT, id);
        expect(await messages.pulls.begin(ACCOUNT, 'app-1', NOW_MS, LEASE_MS)).toBeNull();
      });

      it('begins with nothing, and goes on where the last page ended, also over a restart', async () => {
        expect(await beginPull()).toEqual({
          id: expect.any(String),
          cursor: null,
          regime: null,
          coveredUntilMs: 0,
          isFromRecipient: false,
          waiting: 0,
        });
        await reopen();
        await keep(['m1', 'm2'], { nowMs: NOW_MS + LEASE_MS });
        await reopen();
        const laterMs = NOW_MS + 2 * LEASE_MS;
        const lease = await beginPull(ACCOUNT, laterMs);
        expect(lease).toMatchObject({ cursor: 'cursor-1', regime: 'bot-1', waiting: 2 });
        await messages.pulls.end(ACCOUNT, lease.id);
        expect(await beginPull(ACCOUNT, laterMs, 'app-2')).toMatchObject({ cursor: null, regime: 'bot-1' });
      });

      it('keeps the cursor of each app, and the last one where a page has none', async () => {
        await keep(['m1'], { appId: 'app.$1', cursor: 'one' });
        await keep(['m2'], { appId: 'app-2', cursor: 'two' });
        await keep(['m3'], { appId: 'app.$1', cursor: null });
        const lease = await beginPull(ACCOUNT, NOW_MS, 'app.$1');
        expect(lease.cursor).toBe('one');
        await messages.pulls.end(ACCOUNT, lease.id);
        expect((await beginPull(ACCOUNT, NOW_MS, 'app-2')).cursor).toBe('two');
      });

      it('moves the cursor only with the lease, which runs anew with each page', async () => {
        const { id } = await beginPull();
        const atMs = NOW_MS + LEASE_MS - 1;
        expect(await messages.pulls.keep(ACCOUNT, 'another', pulledPage([]), NOW_MS, LEASE_MS)).toBeNull();
        expect(await messages.pulls.keep(ACCOUNT, id, pulledPage([]), atMs, LEASE_MS)).toMatchObject({
          added: 0,
          waiting: 0,
        });
        expect(await messages.pulls.begin(ACCOUNT, 'app-1', NOW_MS + LEASE_MS, LEASE_MS)).toBeNull();
        const lapsed = pulledPage([newMessage('m1')], { cursor: 'lapsed' });
        expect(await messages.pulls.keep(ACCOUNT, id, lapsed, atMs + LEASE_MS, LEASE_MS)).toBeNull();
        expect((await beginPull(ACCOUNT, atMs + LEASE_MS)).cursor).toBe('cursor-1');
        expect(await messages.pulls.keep(ACCOUNT, id, lapsed, atMs + LEASE_MS, LEASE_MS)).toBeNull();
      });

      it('keeps all of a message', async () => {
        const message = newMessage('m1', {
          type: 'event',
          origin: 4,
          lane: '',
          skip: 3,
          content: newMessage('x').content,
        });
        await keep([message], { nowMs: NOW_MS + 7 });
        await reopen();
        const turn = await claimOne(NOW_MS + 7);
        const next = await nextOf(turn, 'account', NOW_MS + 7);
        const head = {
          ...ACCOUNT,
          msgid: 'm1',
          type: 'event',
          origin: 4,
          lane: '',
          skip: 3,
          page: { appId: 'app-1', cursor: 'from-1' },
          sentAtMs: message.sentAtMs,
          seq: expect.any(Number),
          state: 'waiting',
          storedAtMs: NOW_MS + 7,
          attempts: 0,
          refusals: 0,
          step: 0,
          dueAtMs: NOW_MS + 7,
          lastFailure: null,
        };
        expect(next).toEqual({ ...head, content: expect.anything() });
        expect(next?.content.reveal()).toBe('what x says');
        expect((await messages.list(ALL, null, 9)).messages).toEqual([head]);
      });

      it('counts what is new and what waits in all', async () => {
        expect(await keep(['m1', 'm2'])).toMatchObject({ added: 2, waiting: 2 });
        expect(await keep(['m2', 'm3', 'm3'])).toMatchObject({ added: 1, waiting: 3 });
        expect(await keep(['m1'], { account: OTHER })).toMatchObject({ added: 1, waiting: 1 });
      });

      it('keeps a message once, whatever became of it', async () => {
        await keep(['waits', 'taken', 'dead', 'dropped', 'discarded'], { skipped: ['skipped'] });
        const turn = await claimOne();
        await messages.taken({ ...turn, msgid: 'taken' }, NOW_MS);
        await messages.refused(turn, 'dead', DEAD, NOW_MS);
        await messages.drop(ACCOUNT, 'dropped');
        const again = ['waits', 'taken', 'dead', 'dropped', 'skipped'];
        expect(await keep(again)).toMatchObject({ added: 0, waiting: 2 });
        expect(await messages.discard(turn, NOW_MS)).toBe(2);
        await reopen();
        expect(await keep([...again, 'discarded'])).toMatchObject({ added: 0, waiting: 0 });
      });

      it('leaves as it is what waits and is given again to be left out', async () => {
        await keep(['m1'], { skipped: ['m2'] });
        await keep(['m2'], { skipped: ['m1'] });
        expect(await takeAll(await claimOne())).toEqual(['m1']);
      });

      it('adds nothing of a page that comes again because its cursor was not moved', async () => {
        const page = Array.from({ length: 30 }, (_, n) => `m${n}`);
        await keep(page.slice(0, 20), { cursor: 'first' });
        expect(await keep(page, { cursor: 'second' })).toMatchObject({ added: 10, waiting: 30 });
        expect(await takeAll(await claimOne())).toEqual(page);
      });

      it('takes 1,000 messages a page', async () => {
        const page = Array.from({ length: 1_000 }, (_, n) => `m${n}`);
        expect(await keep(page)).toMatchObject({ added: 1_000, waiting: 1_000 });
        expect(await keep(page)).toMatchObject({ added: 0, waiting: 1_000 });
        expect(await nextOf(await claimOne())).toMatchObject({ msgid: 'm0' });
      });

      it('makes each account due for its endpoint, at once', async () => {
        await keep(['m1'], { endpoint: 'http://one' });
        await keep(['m1'], { account: OTHER, endpoint: null });
        const turns = await claimAll();
        const where = turns.map(({ openKfId, endpoint }) => [openKfId, endpoint]);
        expect(where).toEqual([['wkAccount-1', 'http://one']]);
      });

      it('leaves an account that nobody takes messages of until it is woken', async () => {
        await keep(['m1'], { endpoint: null });
        expect(await claimAll()).toEqual([]);
        await messages.wake(ACCOUNT, 'http://one', NOW_MS);
        expect(await takeAll(await claimOne())).toEqual(['m1']);
      });

      it('knows until when another recipient has had the events of an account that was pulled', async () => {
        await messages.pulls.cover(ACCOUNT, NOW_MS + 1, null);
        expect((await beginPull()).coveredUntilMs).toBe(0);
        await keep([], { nowMs: NOW_MS + LEASE_MS });
        await messages.pulls.cover(ACCOUNT, NOW_MS + 2, null);
        await messages.pulls.cover(ACCOUNT, NOW_MS + 1, null);
        await reopen();
        expect((await beginPull(ACCOUNT, NOW_MS + 2 * LEASE_MS)).coveredUntilMs).toBe(NOW_MS + 2);
      });

      describe('by another recipient', () => {
        const pull = (fields: Partial<OwnPull> = {}): OwnPull => ({
          ...{ appId: 'app-1', takerId: 'bot-2', beganAtMs: NOW_MS },
          ...{ from: 'from-1', cursor: 'moved', isAll: true },
          ...fields,
        });

        it('moves the cursor, and makes the time at which it took something count for other apps alone', async () => {
          await messages.pulls.moveCursor(ACCOUNT, pull(), NOW_MS);
          const before = await beginPull(ACCOUNT, NOW_MS, 'app-2');
          expect(before).toMatchObject({ cursor: null, coveredUntilMs: 0 });
          await messages.pulls.end(ACCOUNT, before.id);
          await messages.pulls.cover(ACCOUNT, NOW_MS + 2, 'bot-2');
          await messages.pulls.cover(ACCOUNT, NOW_MS + 1, 'bot-2');
          await reopen();
          expect(await messages.pulls.findCursor(ACCOUNT, 'app-1')).toBe('moved');
          const known = { coveredUntilMs: NOW_MS + 2 };
          const lease = await beginPull(ACCOUNT, NOW_MS + LEASE_MS);
          expect(lease).toMatchObject({ cursor: 'moved', regime: null, isFromRecipient: true, ...known });
          await messages.pulls.end(ACCOUNT, lease.id);
          const other = await beginPull(ACCOUNT, NOW_MS + LEASE_MS, 'app-2');
          expect(other).toMatchObject({ cursor: null, isFromRecipient: false, ...known });
        });

        it('that begins anew has no cursor at which another one could go on', async () => {
          await messages.pulls.moveCursor(ACCOUNT, pull({ cursor: '' }), NOW_MS);
          expect(await beginPull()).toMatchObject({ cursor: '', isFromRecipient: false });
        });

        it('is followed by one of which only the time is known', async () => {
          await keep([]);
          await messages.pulls.moveCursor(ACCOUNT, pull(), NOW_MS);
          await messages.pulls.cover(ACCOUNT, NOW_MS + 5, null);
          const known = { isFromRecipient: false, coveredUntilMs: NOW_MS + 5 };
          expect(await beginPull()).toMatchObject({ cursor: 'moved', ...known });
        });

        it('takes what waits from the queue, if it pulled all of that', async () => {
          await keep(['m1', 'm2']);
          await messages.pulls.moveCursor(ACCOUNT, pull({ from: 'elsewhere' }), NOW_MS);
          await messages.pulls.moveCursor(ACCOUNT, pull({ isAll: false }), NOW_MS);
          await messages.pulls.moveCursor(ACCOUNT, pull({ appId: 'app-2' }), NOW_MS);
          expect(await messages.counts(ACCOUNT)).toMatchObject({ waiting: 2 });
          await messages.pulls.moveCursor(ACCOUNT, pull(), NOW_MS);
          await reopen();
          expect(await messages.counts(ACCOUNT)).toMatchObject({ waiting: 0 });
          expect(await messages.pulls.findCursor(ACCOUNT, 'app-1')).toBe('moved');
          expect(await keep(['m1', 'm2', 'm3'], { nowMs: NOW_MS + LEASE_MS })).toMatchObject({ added: 1 });
        });

        it('takes only what is of the page from which it pulled, and ends a pull under way', async () => {
          await keep(['m1']);
          const { id } = await beginPull();
          const page = pulledPage([newMessage('m2')], { from: 'cursor-1', cursor: 'cursor-2' });
          await messages.pulls.keep(ACCOUNT, id, page, NOW_MS, LEASE_MS);
          await messages.pulls.moveCursor(ACCOUNT, pull(), NOW_MS);
          const late = pulledPage([newMessage('m3')], { from: 'cursor-2', cursor: 'cursor-3' });
          expect(await messages.pulls.keep(ACCOUNT, id, late, NOW_MS, LEASE_MS)).toBeNull();
          expect(await messages.pulls.findCursor(ACCOUNT, 'app-1')).toBe('cursor-1');
          expect(await takeAll(await claimOne())).toEqual(['m2']);
          expect(await messages.pulls.findCursor(ACCOUNT, 'app-1')).toBe('moved');
        });

        it('goes back to before what turned out to be in vain, each app by itself', async () => {
          await messages.pulls.moveCursor(ACCOUNT, pull({ from: 'a0', cursor: 'a1' }), NOW_MS);
          await messages.pulls.moveCursor(ACCOUNT, pull({ from: 'a1', cursor: 'a2' }), NOW_MS + 10);
          await messages.pulls.moveCursor(
            ACCOUNT,
            pull({ appId: 'app-2', from: '', cursor: 'b1' }),
            NOW_MS + 11,
          );
          await messages.pulls.moveCursor(ACCOUNT, pull({ from: 'a2', cursor: 'a3' }), NOW_MS + 12);
          await reopen();
          await messages.pulls.goBack(ACCOUNT, NOW_MS + 13, NOW_MS - 1);
          expect(await messages.pulls.findCursor(ACCOUNT, 'app-1')).toBe('a3');
          await messages.pulls.goBack(ACCOUNT, NOW_MS + 10, NOW_MS - 1);
          expect(await messages.pulls.findCursor(ACCOUNT, 'app-1')).toBe('a1');
          expect(await messages.pulls.findCursor(ACCOUNT, 'app-2')).toBe('');
          await messages.pulls.moveCursor(ACCOUNT, pull({ from: 'a1', cursor: 'a4' }), NOW_MS + 20);
          await messages.pulls.goBack(ACCOUNT, NOW_MS, NOW_MS - 1);
          expect(await messages.pulls.findCursor(ACCOUNT, 'app-1')).toBe('a0');
        });

        it('goes back no farther than it must, and far enough where it moved often', async () => {
          const step = (n: number) => pull({ from: `c${n}`, cursor: `c${n + 1}` });
          for (let n = 0; n < 30; n++) await messages.pulls.moveCursor(ACCOUNT, step(n), NOW_MS + n);
          await messages.pulls.goBack(ACCOUNT, NOW_MS + 25, NOW_MS - 1);
          expect(await messages.pulls.findCursor(ACCOUNT, 'app-1')).toBe('c25');
          await messages.pulls.goBack(ACCOUNT, NOW_MS + 5, NOW_MS - 1);
          expect(await messages.pulls.findCursor(ACCOUNT, 'app-1')).toBe('c0');
        });

        it('moves nothing by a pull that had begun when the cursors went back', async () => {
          await messages.pulls.goBack(ACCOUNT, NOW_MS - 100, NOW_MS);
          await reopen();
          await messages.pulls.moveCursor(ACCOUNT, pull({ from: '' }), NOW_MS + 5);
          expect(await messages.pulls.findCursor(ACCOUNT, 'app-1')).toBe('');
          await messages.pulls.moveCursor(ACCOUNT, pull({ from: '', beganAtMs: NOW_MS + 1 }), NOW_MS + 5);
          expect(await messages.pulls.findCursor(ACCOUNT, 'app-1')).toBe('moved');
          expect(await accountsOf()).toEqual([ACCOUNT]);
          // WeCom does not know the cursor any more.
          await messages.pulls.moveCursor(ACCOUNT, pull({ cursor: '' }), NOW_MS + 5);
          expect(await messages.pulls.findCursor(ACCOUNT, 'app-1')).toBe('');
        });

        it('begins at a time where nothing of the account is known yet', async () => {
          await messages.pulls.beginAt(ACCOUNT, NOW_MS);
          await messages.pulls.beginAt(ACCOUNT, NOW_MS + 1);
          await reopen();
          expect(await accountsOf()).toEqual([]);
          const lease = await beginPull();
          expect(lease).toMatchObject({ cursor: null, regime: null, coveredUntilMs: NOW_MS });
          await keep([], { account: OTHER });
          await messages.pulls.beginAt(OTHER, NOW_MS);
          expect(await beginPull(OTHER)).toMatchObject({ coveredUntilMs: 0 });
        });
      });

      it('says when an account was pulled last', async () => {
        expect(await messages.pulls.pulledAtMs(ACCOUNT)).toBe(0);
        await keep([], { nowMs: NOW_MS + 5 });
        await reopen();
        expect(await messages.pulls.pulledAtMs(ACCOUNT)).toBe(NOW_MS + 5);
        expect(await messages.pulls.pulledAtMs(OTHER)).toBe(0);
      });

      it('lists the accounts that were pulled, page by page', async () => {
        for (const n of [3, 1, 2]) await keep([], { account: { ...ACCOUNT, openKfId: `wk${n}` } });
        await messages.pulls.cover(OTHER, NOW_MS, null);
        const first = await messages.pulls.listAccounts('', 2);
        expect(first.accounts.map(({ openKfId }) => openKfId)).toEqual(['wk1', 'wk2']);
        expect(await messages.pulls.listAccounts(first.lastKey ?? '', 2)).toEqual({
          accounts: [{ ...ACCOUNT, openKfId: 'wk3' }],
          lastKey: null,
        });
      });

      it('lists no account that was only covered', async () => {
        expect(await accountsOf()).toEqual([]);
        await messages.pulls.cover(OTHER, NOW_MS, null);
        await keep([]);
        await reopen();
        expect(await accountsOf()).toEqual([ACCOUNT]);
      });
    });

    describe('claimDue', () => {
      it('leases accounts, earliest due first, up to the limit, and each once', async () => {
        for (const n of [3, 1, 2])
          await keep(['m'], { account: { ...ACCOUNT, openKfId: `wk${n}` }, nowMs: NOW_MS + n });
        expect(await claimAll(NOW_MS)).toEqual([]);
        const first = await claimAll(NOW_MS + 9, 2);
        expect(first.map(({ openKfId }) => openKfId)).toEqual(['wk1', 'wk2']);
        expect(first[0]).toMatchObject({
          ...ACCOUNT,
          openKfId: 'wk1',
          lease: { id: expect.any(String), untilMs: NOW_MS + 9 + LEASE_MS },
          endpoint: ENDPOINT,
          isInDoubt: false,
        });
        expect((await claimAll(NOW_MS + 9)).map(({ openKfId }) => openKfId)).toEqual(['wk3']);
        expect(await claimAll(NOW_MS + 9)).toEqual([]);
      });

      it('leaves out the endpoints it is told to', async () => {
        await keep(['m1'], { endpoint: 'http://dead' });
        await keep(['m1'], { account: OTHER });
        const except = new Set(['http://dead', 'http://gone']);
        expect((await claimAll(NOW_MS, 1, except)).map(({ openKfId }) => openKfId)).toEqual(['wkAccount-2']);
      });

      it('gives an account again whose lease has lapsed, and says that it is in doubt', async () => {
        await keep(['m1']);
        await claimOne();
        expect(await claimAll(NOW_MS + LEASE_MS - 1)).toEqual([]);
        const again = await claimOne(NOW_MS + LEASE_MS);
        expect(again.isInDoubt).toBe(true);
        await release({ ...again, isInDoubt: false }, NOW_MS + LEASE_MS);
        expect((await claimOne(NOW_MS + LEASE_MS)).isInDoubt).toBe(false);
      });

      it('says so again after a turn that found nothing out', async () => {
        await keep(['m1', 'm2']);
        await claimOne();
        const again = await claimOne(NOW_MS + LEASE_MS);
        await nextOf(again, 'account', NOW_MS + LEASE_MS);
        await release(again, NOW_MS + LEASE_MS);
        expect(await messages.lines.renew(again, NOW_MS + LEASE_MS, LEASE_MS)).toBe(false);
        expect((await claimOne(NOW_MS + LEASE_MS)).isInDoubt).toBe(true);
      });

      it('says of an account that was leased when the process died that it is in doubt', async () => {
        await keep(['m1']);
        await claimOne();
        await reopen();
        expect((await claimOne(NOW_MS + LEASE_MS)).isInDoubt).toBe(true);
      });

      it('tells when the next account can be claimed, where no other process may add one', async () => {
        expect(await messages.lines.nextClaimableAtMs(NONE)).toBeNull();
        await keep(['m1']);
        const atMs = (value: number) => (messages.lines.isShared ? null : value);
        expect(await messages.lines.nextClaimableAtMs(NONE)).toBe(atMs(NOW_MS));
        expect(await messages.lines.nextClaimableAtMs(new Set([ENDPOINT]))).toBeNull();
        const turn = await claimOne();
        expect(await messages.lines.nextClaimableAtMs(NONE)).toBe(atMs(NOW_MS + LEASE_MS));
        await takeAll(turn);
        await release(turn);
        expect(await messages.lines.nextClaimableAtMs(NONE)).toBeNull();
      });
    });

    describe('claimOldest', () => {
      const oldest = (nowMs = NOW_MS) => messages.lines.claimOldest(ENDPOINT, nowMs, LEASE_MS);

      it('leases an account of the endpoint that has a waiting message, also before it is due', async () => {
        expect(await oldest()).toBeNull();
        await keep(['m1'], { endpoint: 'http://another' });
        await keep(['m1'], { account: OTHER, nowMs: NOW_MS + 1_000 });
        expect(await oldest()).toMatchObject({ openKfId: 'wkAccount-2', isInDoubt: false });
        expect(await oldest()).toBeNull();
      });

      it('gives accounts their turns', async () => {
        const accounts = ['wk1', 'wk2', 'wk3'];
        for (const openKfId of accounts) await keep(['m1'], { account: { ...ACCOUNT, openKfId } });
        const claimed: string[] = [];
        for (let n = 0; n < 6; n++) {
          const turn = await oldest(NOW_MS + n);
          claimed.push(turn?.openKfId ?? '');
          if (turn !== null) await release(turn, NOW_MS + n);
        }
        expect([...claimed.slice(0, 3)].sort()).toEqual(accounts);
        expect(claimed.slice(3)).toEqual(claimed.slice(0, 3));
      });

      it('takes over what has lapsed', async () => {
        await keep(['m1']);
        await oldest();
        expect(await oldest(NOW_MS + LEASE_MS)).toMatchObject({ isInDoubt: true });
      });
    });

    describe('a lease', () => {
      it('lasts for as long as it is renewed', async () => {
        await keep(['m1']);
        const turn = await claimOne();
        expect(messages.lines.isHeld(turn, NOW_MS + LEASE_MS)).toBe(false);
        expect(await messages.lines.renew(turn, NOW_MS + 10_000, LEASE_MS)).toBe(true);
        expect(messages.lines.isHeld(turn, NOW_MS + LEASE_MS)).toBe(true);
        expect(await claimAll(NOW_MS + LEASE_MS)).toEqual([]);
        expect(await nextOf(turn, 'account', NOW_MS + LEASE_MS)).toMatchObject({ msgid: 'm1' });
      });

      it('that has lapsed gives no message until it runs again, which it may where nobody took it over', async () => {
        await keep(['m1', 'm2']);
        const turn = await claimOne();
        const laterMs = NOW_MS + LEASE_MS;
        expect(await nextOf(turn, 'account', laterMs)).toBeNull();
        expect(await messages.pulls.handOver(turn, laterMs, null)).toBe(0);
        expect(await messages.discard(turn, laterMs)).toBe(0);
        expect(await messages.lines.renew(turn, laterMs, LEASE_MS)).toBe(true);
        expect(await nextOf(turn, 'account', laterMs)).toMatchObject({ msgid: 'm1' });
        expect(await claimAll(laterMs)).toEqual([]);
      });

      it('that has lapsed still stores what became of each message, as after a pause of the process', async () => {
        await keep(['m1', 'm2', 'm3']);
        const turn = await claimOne();
        const laterMs = NOW_MS + LEASE_MS;
        await messages.taken({ ...turn, msgid: 'm1' }, laterMs);
        expect(await messages.refused(turn, 'm2', DEAD, laterMs)).toBe(true);
        await messages.refused(turn, 'm3', refusal({ dueAtMs: laterMs + 10_000 }), laterMs);
        await release({ ...turn, isInDoubt: false }, laterMs);
        await reopen();
        expect((await messages.list(ALL, null, 9)).messages).toMatchObject([
          { msgid: 'm2', state: 'dead' },
          { msgid: 'm3', state: 'waiting', attempts: 1 },
        ]);
        expect(await claimAll(laterMs + 9_999)).toEqual([]);
        const again = await claimOne(laterMs + 10_000);
        expect(again.isInDoubt).toBe(false);
        expect(await takeAll(again, 'account', laterMs + 10_000)).toEqual(['m3']);
      });

      it('that was taken over changes nothing, but that a message was taken holds whoever has the turn', async () => {
        await keep(['m1', 'm2']);
        const turn = await claimOne();
        const laterMs = NOW_MS + LEASE_MS;
        const other = await claimOne(laterMs);
        const before = await messages.list(ALL, null, 9);
        expect(await nextOf(turn, 'account', laterMs)).toBeNull();
        await messages.refused(turn, 'm1', refusal(), laterMs);
        expect(await messages.refused(turn, 'm1', DEAD, laterMs)).toBe(false);
        expect(await messages.pulls.handOver(turn, laterMs, null)).toBe(0);
        expect(await messages.discard(turn, laterMs)).toBe(0);
        await release(turn, laterMs);
        expect(await messages.lines.renew(turn, laterMs, LEASE_MS)).toBe(false);
        expect(await messages.list(ALL, null, 9)).toEqual(before);
        expect(await messages.begin(turn, underWay('m1'))).toBe(false);
        expect(await messages.begin(other, underWay('m2'))).toBe(true);
        await messages.begin(turn, null);
        expect(await messages.findUnderWay(ACCOUNT)).toMatchObject({ underWay: { msgid: 'm2' } });
        expect(await messages.lines.renew(other, laterMs, LEASE_MS)).toBe(true);
        await messages.taken({ ...turn, msgid: 'm1' }, laterMs);
        expect(await takeAll(other, 'account', laterMs)).toEqual(['m2']);
      });

      it('is not given to the process that is at work under it, as when the clock steps', async () => {
        await keep(['m1']);
        const turn = await claimOne();
        const over = messages.lines.workOn(turn);
        const laterMs = NOW_MS + LEASE_MS;
        expect(await claimAll(laterMs)).toEqual([]);
        expect(await nextOf(turn, 'account', laterMs)).toMatchObject({ msgid: 'm1' });
        over();
        expect(await claimAll(laterMs)).toEqual([]);
        expect(await claimOne(laterMs + LEASE_MS)).toMatchObject({ isInDoubt: true });
      });

      it('that was taken over by a turn which tries the same message removes it once its bot took it', async () => {
        await keep(['m1', 'm2']);
        const turn = await claimOne();
        const laterMs = NOW_MS + LEASE_MS;
        const other = await claimOne(laterMs);
        expect(await nextOf(other, 'account', laterMs)).toMatchObject({ msgid: 'm1' });
        await messages.taken({ ...turn, msgid: 'm1' }, laterMs);
        // What the other one hears of it comes too late to bring it back.
        await messages.refused(other, 'm1', refusal(), laterMs);
        expect(await messages.refused(other, 'm1', DEAD, laterMs)).toBe(false);
        expect(await takeAll(other, 'account', laterMs)).toEqual(['m2']);
        expect(await messages.list(ALL, null, 9)).toMatchObject({ messages: [] });
      });
    });

    describe('next', () => {
      const PAGE = [
        customer('a1', 'a'),
        customer('a2', 'a'),
        customer('b1', 'b'),
        customer('n1', ''),
        customer('b2', 'b'),
      ];

      it('gives messages in the order in which they were kept, page after page', async () => {
        await keep(['z', 'a']);
        await keep(['m', 'b']);
        await reopen();
        await keep(['c'], { nowMs: NOW_MS + LEASE_MS });
        expect(await takeAll(await claimOne(NOW_MS + LEASE_MS), 'account', NOW_MS + LEASE_MS)).toEqual([
          'z',
          'a',
          'm',
          'b',
          'c',
        ]);
      });

      it('gives the same message until something becomes of it', async () => {
        await keep(['m1', 'm2']);
        const turn = await claimOne();
        expect((await nextOf(turn))?.msgid).toBe('m1');
        expect((await nextOf(turn))?.msgid).toBe('m1');
      });

      it('waits with account for the first, and probes with it', async () => {
        await keep(PAGE);
        const turn = await claimOne();
        await messages.refused(turn, 'a1', refusal(), NOW_MS);
        expect(await nextOf(turn)).toBeNull();
        expect(await nextOf(turn, 'account', NOW_MS, true)).toMatchObject({ msgid: 'a1' });
        expect(await nextOf(turn, 'account', NOW_MS + 10_000)).toMatchObject({ msgid: 'a1' });
      });

      it('passes over with customer the lane of a message that is not due', async () => {
        await keep(PAGE);
        const turn = await claimOne();
        await messages.refused(turn, 'a1', refusal(), NOW_MS);
        expect(await nextOf(turn, 'customer', NOW_MS, true)).toMatchObject({ msgid: 'a1' });
        expect(await takeAll(turn, 'customer')).toEqual(['b1', 'n1', 'b2']);
        expect(await takeAll(turn, 'customer', NOW_MS + 10_000)).toEqual(['a1', 'a2']);
      });

      it('is the first of a customer who has none under way', async () => {
        await keep(PAGE);
        const turn = await claimOne();
        const lanes = new Set<string>();
        const begun: string[] = [];
        for (;;) {
          const next = await messages.next(turn, CUSTOMERS, NOW_MS, { isProbe: false, beside: lanes });
          if (next === null) break;
          begun.push(next.msgid);
          lanes.add(next.lane);
        }
        expect(begun).toEqual(['a1', 'b1', 'n1']);
      });

      it('is as a probe the one that was tried the least, due or not, of a customer who has none under way', async () => {
        await keep(PAGE);
        const turn = await claimOne();
        const probe = async (...lanes: string[]) =>
          (await messages.next(turn, CUSTOMERS, NOW_MS, { isProbe: true, beside: new Set(lanes) }))?.msgid;
        expect(await probe()).toBe('a1');
        await messages.refused(turn, 'a1', { ...refusal(), attempts: 2 }, NOW_MS);
        await messages.refused(turn, 'b1', { ...refusal(), attempts: 1 }, NOW_MS);
        expect([await probe(), await probe('')]).toEqual(['n1', 'b1']);
        await messages.taken({ ...turn, msgid: 'n1' }, NOW_MS);
        expect([await probe(), await probe('b'), await probe('a', 'b')]).toEqual(['b1', 'a1', undefined]);
      });

      it('passes over what is dead', async () => {
        await keep(PAGE);
        const turn = await claimOne();
        await messages.refused(turn, 'a1', DEAD, NOW_MS);
        expect(await nextOf(turn, 'customer')).toMatchObject({ msgid: 'a2' });
        expect(await takeAll(turn)).toEqual(['a2', 'b1', 'n1', 'b2']);
      });
    });

    describe('a message', () => {
      it('is counted for its account while it waits and when it is dead', async () => {
        expect(await opened.queue.countEntriesByAccount()).toEqual([]);
        await keep(['m1', 'm2', 'm3']);
        await keep(['m4'], { account: OTHER, nowMs: NOW_MS + 5 });
        const turn = await claimOne();
        await messages.taken({ ...turn, msgid: 'm1' }, NOW_MS);
        await messages.refused(turn, 'm2', DEAD, NOW_MS);
        const counts = await opened.queue.countEntriesByAccount();
        expect(counts.toSorted((a, b) => a.openKfId.localeCompare(b.openKfId))).toEqual([
          { ...ACCOUNT, waiting: 1, dead: 1, oldestWaitingAtMs: NOW_MS },
          { ...OTHER, waiting: 1, dead: 0, oldestWaitingAtMs: NOW_MS + 5 },
        ]);
      });

      it('leaves nothing of what it said when it is taken', async () => {
        await keep([newMessage('m1'), newMessage('m2')]);
        const turn = await claimOne();
        await messages.taken({ ...turn, msgid: 'm1' }, NOW_MS);
        expect(await messages.counts(null)).toMatchObject({ waiting: 1, dead: 0 });
        expect(await takeAll(turn)).toEqual(['m2']);
        expect(await messages.replay(ACCOUNT, 'm1', ENDPOINT, NOW_MS)).toBe(false);
        expect(await messages.drop(ACCOUNT, 'm1')).toBe(false);
      });

      it('that was refused waits with what became of it, also over a restart', async () => {
        await keep(['m1']);
        const turn = await claimOne();
        const failure: Failure = { ...FAILURE, stage: 'status', status: 500 };
        await messages.refused(turn, 'm1', refusal({ attempts: 4, refusals: 3, step: 2, failure }), NOW_MS);
        await reopen();
        expect((await messages.list(ALL, null, 9)).messages).toMatchObject([
          {
            attempts: 4,
            refusals: 3,
            step: 2,
            dueAtMs: NOW_MS + 10_000,
            lastFailure: failure,
            state: 'waiting',
          },
        ]);
      });

      it('that is dead is so once, and keeps what it says', async () => {
        await keep(['m1']);
        const turn = await claimOne();
        expect(await messages.refused(turn, 'm1', DEAD, NOW_MS)).toBe(true);
        expect(await messages.refused(turn, 'm1', DEAD, NOW_MS)).toBe(false);
        await messages.refused(turn, 'm1', refusal(), NOW_MS);
        await release(turn);
        await reopen();
        expect(await claimAll(NOW_MS + HOUR_MS)).toEqual([]);
        expect((await messages.list(ALL, null, 9)).messages).toMatchObject([
          { msgid: 'm1', state: 'dead', attempts: 9, refusals: 8, dueAtMs: null, lastFailure: FAILURE },
        ]);
      });

      it('that is dead when it is kept is told once, is never sent, holds up nothing, and cannot be revived', async () => {
        const failure = { atMs: NOW_MS, stage: 'oversized', reason: 'too long' } as const;
        const long = newMessage('long', { content: new Secret(''), failure });
        const dead = { msgid: 'long', state: 'dead', dueAtMs: null, attempts: 0, lastFailure: failure };
        expect(await keep([long])).toEqual({
          added: 1,
          dead: [expect.objectContaining(dead)],
          waiting: 0,
        });
        expect(await claimAll()).toEqual([]);
        expect(await keep([long, 'm1'])).toEqual({ added: 1, dead: [], waiting: 1 });
        await reopen();
        expect(await messages.counts(ACCOUNT)).toMatchObject({ waiting: 1, dead: 1 });
        expect((await messages.list(ALL, null, 9)).messages[0]).toMatchObject(dead);
        expect(await messages.replay(ACCOUNT, 'long', ENDPOINT, NOW_MS)).toBe(false);
        // After the lease of a process that keeps messages has lapsed, if it has died.
        const laterMs = NOW_MS + LEASE_MS;
        expect(await takeAll(await claimOne(laterMs), 'account', laterMs)).toEqual(['m1']);
        await sweep(NOW_MS + MESSAGE_LIFE_MS);
        expect(await messages.counts(ACCOUNT)).toMatchObject({ waiting: 0, dead: 0 });
        expect(await keep([long], { nowMs: laterMs + LEASE_MS })).toMatchObject({ added: 0, dead: [] });
      });

      it('that is revived goes in its old place, and its account is due', async () => {
        await keep(['m1', 'm2']);
        const turn = await claimOne();
        await messages.refused(turn, 'm1', refusal(), NOW_MS);
        await messages.refused(turn, 'm1', DEAD, NOW_MS);
        await messages.refused(turn, 'm2', refusal(), NOW_MS);
        await release(turn);
        expect(await messages.replay(ACCOUNT, 'm1', ENDPOINT, NOW_MS + 1)).toBe(true);
        expect(await messages.replay(ACCOUNT, 'm1', ENDPOINT, NOW_MS + 1)).toBe(false);
        expect(await messages.replay(ACCOUNT, 'm2', ENDPOINT, NOW_MS + 1)).toBe(false);
        expect(await messages.replay(ACCOUNT, 'm9', ENDPOINT, NOW_MS + 1)).toBe(false);
        const again = await claimOne(NOW_MS + 1);
        const next = await nextOf(again, 'account', NOW_MS + 1);
        expect(next).toMatchObject({ msgid: 'm1', attempts: 9, refusals: 0, step: 0, state: 'waiting' });
        expect(next?.content.reveal()).toBe('what m1 says');
      });

      it('that is dropped gives way to the one behind it', async () => {
        await keep(['m1', 'm2', 'm3']);
        const turn = await claimOne();
        await messages.refused(turn, 'm1', refusal({ dueAtMs: NOW_MS + HOUR_MS }), NOW_MS);
        await messages.refused(turn, 'm3', DEAD, NOW_MS);
        await release(turn);
        expect(await claimAll(NOW_MS + 1)).toEqual([]);
        expect(await messages.drop(ACCOUNT, 'm1')).toBe(true);
        expect(await messages.drop(ACCOUNT, 'm3')).toBe(true);
        expect(await messages.drop(ACCOUNT, 'm1')).toBe(false);
        expect(await messages.drop(ACCOUNT, 'm9')).toBe(false);
        expect(await takeAll(await claimOne(NOW_MS + 1), 'account', NOW_MS + 1)).toEqual(['m2']);
        expect(await messages.counts(null)).toEqual({ waiting: 0, dead: 0, oldestWaitingAtMs: null });
      });

      it('is not in what is stored, in the clear or after it was taken, dropped or handed over', async () => {
        await keep(['m1', 'm2', 'm3', 'm4']);
        const turn = await claimOne();
        const { content } = (await nextOf(turn)) as Message;
        await messages.taken({ ...turn, msgid: 'm1' }, NOW_MS);
        await messages.drop(ACCOUNT, 'm2');
        await messages.refused(turn, 'm3', DEAD, NOW_MS);
        await messages.pulls.handOver(turn, NOW_MS, null);
        expect(content.reveal()).toBe('what m1 says');
        await messages.drop(ACCOUNT, 'm3');
        expect(await storedText()).not.toMatch(/what m\d says/);
      });
    });

    describe('release', () => {
      it('makes the account due when its first message is, with account', async () => {
        await keep([customer('a1', 'a'), customer('b1', 'b')]);
        const turn = await claimOne();
        await messages.refused(turn, 'a1', refusal(), NOW_MS);
        await release(turn);
        expect(await claimAll(NOW_MS + 9_999)).toEqual([]);
        expect(await claimAll(NOW_MS + 10_000)).toHaveLength(1);
      });

      it('makes it due when the first lane is, with customer', async () => {
        await keep([customer('a1', 'a'), customer('b1', 'b'), customer('b2', 'b')]);
        const turn = await claimOne();
        await messages.refused(turn, 'a1', refusal(), NOW_MS);
        await messages.refused(turn, 'b1', refusal({ dueAtMs: NOW_MS + 5_000 }), NOW_MS);
        await release(turn, NOW_MS, 'customer');
        expect(await claimAll(NOW_MS + 4_999)).toEqual([]);
        const again = await claimOne(NOW_MS + 5_000);
        expect(again.isInDoubt).toBe(false);
        expect(await nextOf(again, 'customer', NOW_MS + 5_000)).toMatchObject({ msgid: 'b1' });
      });

      it('leaves an account for which nothing waits until something comes', async () => {
        await keep(['m1']);
        const turn = await claimOne();
        await takeAll(turn);
        await release(turn);
        expect(await claimAll(NOW_MS + HOUR_MS)).toEqual([]);
        await keep(['m2'], { nowMs: NOW_MS + HOUR_MS });
        expect(await claimAll(NOW_MS + HOUR_MS)).toHaveLength(1);
      });

      it('says where its messages wait', async () => {
        await keep(['m1']);
        await messages.release(await claimOne(), 'http://new', null, NOW_MS);
        expect((await claimOne()).endpoint).toBe('http://new');
      });

      it('leaves it due at once, where that was said, if a message came meanwhile', async () => {
        await keep(['m1']);
        const turn = await claimOne();
        await messages.refused(turn, 'm1', refusal(), NOW_MS);
        await keep(['m2'], { endpoint: 'http://new' });
        expect(await claimAll()).toEqual([]);
        await release(turn);
        const again = await claimOne();
        expect(again.endpoint).toBe('http://new');
        await release(again);
        expect(await claimAll(NOW_MS + 1)).toEqual([]);
      });
    });

    describe('a wake', () => {
      it('makes an account due at once, for that endpoint, with its messages', async () => {
        await keep([customer('a1', 'a'), customer('b1', 'b')]);
        const turn = await claimOne();
        await messages.refused(turn, 'a1', refusal(), NOW_MS);
        await messages.refused(turn, 'b1', refusal(), NOW_MS);
        await release(turn);
        await messages.wake(ACCOUNT, 'http://new', NOW_MS + 1);
        const again = await claimOne(NOW_MS + 1);
        expect(again.endpoint).toBe('http://new');
        expect(await takeAll(again, 'account', NOW_MS + 1)).toEqual(['a1', 'b1']);
      });

      it('leaves a running lease', async () => {
        await keep(['m1']);
        const turn = await claimOne();
        await messages.wake(ACCOUNT, ENDPOINT, NOW_MS);
        expect(await claimAll()).toEqual([]);
        expect(await nextOf(turn)).toMatchObject({ msgid: 'm1' });
      });

      it('leaves an account for which nothing waits', async () => {
        await messages.wake(ACCOUNT, ENDPOINT, NOW_MS);
        await keep(['m1']);
        const turn = await claimOne();
        await takeAll(turn);
        await release(turn);
        await messages.wake(ACCOUNT, ENDPOINT, NOW_MS);
        expect(await claimAll()).toEqual([]);
      });

      it('of an endpoint makes its accounts due at once, and no other', async () => {
        const accounts = ['wk1', 'wk2', 'wk3'].map((openKfId) => ({ ...ACCOUNT, openKfId }));
        for (const account of accounts) await keep(['m1'], { account });
        for (const turn of await claimAll()) {
          await messages.refused(turn, 'm1', refusal(), NOW_MS);
          const endpoint = turn.openKfId === 'wk3' ? 'http://another' : ENDPOINT;
          await messages.release(turn, endpoint, null, NOW_MS);
        }
        expect(await claimAll(NOW_MS + 1)).toEqual([]);
        await messages.lines.wakeEndpoint(ENDPOINT, NOW_MS + 1);
        const woken = await claimAll(NOW_MS + 1);
        expect(woken.map(({ openKfId }) => openKfId).sort()).toEqual(['wk1', 'wk2']);
        for (const turn of woken) expect(await takeAll(turn, 'account', NOW_MS + 1)).toEqual(['m1']);
      });
    });

    describe('what is under way', () => {
      let turn: Turn;

      beforeEach(async () => {
        await keep(['m1', 'm2']);
        turn = await claimOne();
      });

      const note = (half: 'answered' | 'pulled', attempt = 1, msgid = 'm1') =>
        messages.note(ACCOUNT, { msgid, attempt }, half, NOW_MS);

      it('is found with what it says', async () => {
        expect(await messages.findUnderWay(ACCOUNT)).toBeNull();
        expect(await messages.begin(turn, underWay('m1', { attempt: 3 }))).toBe(true);
        await messages.note(ACCOUNT, { msgid: 'm1', attempt: 3 }, 'pulled', NOW_MS);
        const found = await messages.findUnderWay(ACCOUNT);
        expect(found?.underWay).toEqual(underWay('m1', { attempt: 3, isPulled: true }));
        expect(found?.message).toMatchObject({ msgid: 'm1', state: 'waiting' });
        expect(found?.message.content.reveal()).toBe('what m1 says');
      });

      it.each([
        ['answered', 'pulled'],
        ['pulled', 'answered'],
      ] as const)('is taken when it was first %s and then %s', async (first, second) => {
        await messages.begin(turn, underWay('m1'));
        expect(await nextOf(turn)).toMatchObject({ msgid: 'm1' });
        expect(await note(first)).toBe('half');
        expect(await note(first)).toBe('half');
        expect(await messages.findUnderWay(ACCOUNT)).not.toBeNull();
        expect(await note(second)).toBe('taken');
        expect(await note(second)).toBe('gone');
        expect(await messages.findUnderWay(ACCOUNT)).toBeNull();
        expect(await nextOf(turn)).toMatchObject({ msgid: 'm2' });
        expect(await keep(['m1'])).toMatchObject({ added: 0 });
      });

      it('makes the account due at once when it is taken, whoever leases it', async () => {
        await messages.begin(turn, underWay('m1'));
        await messages.refused(turn, 'm1', refusal(), NOW_MS);
        await note('answered');
        await note('pulled');
        await release(turn);
        expect(await claimAll()).toHaveLength(1);
      });

      it('is due at once also where the lease was released before', async () => {
        await messages.begin(turn, underWay('m1'));
        await messages.refused(turn, 'm1', refusal(), NOW_MS);
        await note('answered');
        await release(turn);
        expect(await claimAll()).toEqual([]);
        expect(await note('pulled')).toBe('taken');
        expect(await takeAll(await claimOne())).toEqual(['m2']);
      });

      it('is awaited where it was answered: with customer no other goes before it is pulled, or its time is over', async () => {
        await keep([customer('b1', 'b')]);
        await messages.begin(turn, underWay('m1'));
        await note('answered');
        await messages.refused(turn, 'm1', refusal(), NOW_MS);
        expect(await nextOf(turn, 'customer')).toBeNull();
        // Not even to probe its endpoint, which has answered.
        expect(await nextOf(turn, 'customer', NOW_MS, true)).toBeNull();
        // Woken, and for whatever came meanwhile.
        await keep([customer('c1', 'c')]);
        await release(turn, NOW_MS, 'customer');
        const again = await claimOne();
        expect(await nextOf(again, 'customer')).toBeNull();
        await release(again, NOW_MS, 'customer');
        expect(await claimAll(NOW_MS + 4_999)).toEqual([]);
        const over = await claimOne(NOW_MS + 5_000);
        expect(await nextOf(over, 'customer', NOW_MS + 5_000)).toMatchObject({ msgid: 'b1' });
        await release(over, NOW_MS + 5_000, 'customer');
        expect(await note('pulled')).toBe('taken');
        expect(await takeAll(await claimOne(NOW_MS + 5_000), 'customer', NOW_MS + 5_000)).toEqual([
          'm2',
          'b1',
          'c1',
        ]);
      });

      it('is not awaited where it does not wait any more', async () => {
        await keep([customer('b1', 'b')]);
        await messages.begin(turn, underWay('m1'));
        await note('answered');
        await messages.drop(ACCOUNT, 'm1');
        expect(await takeAll(turn, 'customer')).toEqual(['m2', 'b1']);
      });

      it('is gone for another attempt, another message and another account', async () => {
        await messages.begin(turn, underWay('m1', { attempt: 2 }));
        expect(await note('answered', 1)).toBe('gone');
        expect(await note('answered', 2, 'm2')).toBe('gone');
        expect(await messages.note(OTHER, { msgid: 'm1', attempt: 2 }, 'answered', NOW_MS)).toBe('gone');
        await messages.begin(turn, underWay('m1', { attempt: 3 }));
        expect(await note('answered', 2)).toBe('gone');
        expect((await messages.findUnderWay(ACCOUNT))?.underWay).toEqual(underWay('m1', { attempt: 3 }));
      });

      it('is pulled no more when that was not read', async () => {
        await messages.begin(turn, underWay('m1'));
        await note('pulled');
        const found = await messages.findUnderWay(ACCOUNT);
        const back = { ...(found?.message as Message), refusals: 1 };
        expect(await messages.putBack(back, 1, ENDPOINT, NOW_MS)).toBe(false);
        expect((await messages.findUnderWay(ACCOUNT))?.underWay).toEqual(underWay('m1'));
        expect(await note('answered')).toBe('half');
        expect(await nextOf(turn)).toMatchObject({ msgid: 'm1', refusals: 0 });
      });

      it('waits again in its place when it was taken and that was not read', async () => {
        await messages.begin(turn, underWay('m1'));
        await note('answered');
        const found = await messages.findUnderWay(ACCOUNT);
        await note('pulled');
        await release(turn);
        expect(await keep(['m1'])).toMatchObject({ added: 0 });
        const dueAtMs = NOW_MS + 1_000;
        const back = { ...(found?.message as Message), attempts: 1, refusals: 1, dueAtMs };
        expect(await messages.putBack({ ...back, lastFailure: FAILURE }, 1, ENDPOINT, NOW_MS)).toBe(true);
        expect(await messages.putBack({ ...back, refusals: 2 }, 1, ENDPOINT, NOW_MS)).toBe(false);
        expect(await keep(['m1'])).toMatchObject({ added: 0 });
        expect((await messages.counts(ACCOUNT)).waiting).toBe(2);
        const again = await claimOne(dueAtMs);
        const next = await nextOf(again, 'account', dueAtMs);
        expect(next).toMatchObject({ msgid: 'm1', attempts: 1, refusals: 1, lastFailure: FAILURE });
        expect(next?.content.reveal()).toBe('what m1 says');
        // Nothing is known of what is handed over.
        await messages.pulls.handOver(again, dueAtMs, null);
        expect(await keep(['m1'])).toMatchObject({ added: 1 });
      });

      it('is taken by whoever saw both halves, and waits again where that was not read', async () => {
        await messages.begin(turn, underWay('m1'));
        const found = await messages.findUnderWay(ACCOUNT);
        await messages.taken({ ...ACCOUNT, msgid: 'm1' }, NOW_MS + LEASE_MS);
        expect(await messages.findUnderWay(ACCOUNT)).toBeNull();
        expect(await nextOf(turn)).toMatchObject({ msgid: 'm2' });
        expect(await keep(['m1'])).toMatchObject({ added: 0 });
        const back = { ...(found?.message as Message), refusals: 1 };
        expect(await messages.putBack(back, 1, ENDPOINT, NOW_MS)).toBe(true);
        // It was told in an attempt that is over.
        expect(await messages.findUnderWay(ACCOUNT)).toBeNull();
        expect(await nextOf(turn)).toMatchObject({ msgid: 'm1', refusals: 1 });
      });

      it('is dead where it is given so', async () => {
        await messages.begin(turn, underWay('m1'));
        await note('answered');
        const found = await messages.findUnderWay(ACCOUNT);
        await note('pulled');
        const dead = { ...(found?.message as Message), state: 'dead', dueAtMs: null } as const;
        expect(await messages.putBack({ ...dead, lastFailure: FAILURE }, 1, ENDPOINT, NOW_MS)).toBe(true);
        expect(await messages.counts(ACCOUNT)).toMatchObject({ waiting: 1, dead: 1 });
        expect(await messages.replay(ACCOUNT, 'm1', ENDPOINT, NOW_MS)).toBe(true);
        expect(await nextOf(turn)).toMatchObject({ msgid: 'm1' });
      });

      it('is not put back where its bot has not taken it', async () => {
        await messages.begin(turn, underWay('m1'));
        const found = await messages.findUnderWay(ACCOUNT);
        await messages.begin(turn, null);
        const back = { ...(found?.message as Message), refusals: 1 };
        expect(await messages.putBack(back, 1, ENDPOINT, NOW_MS)).toBe(false);
        expect(await nextOf(turn)).toMatchObject({ msgid: 'm1', refusals: 0 });
        expect(await messages.putBack({ ...back, msgid: 'unknown' }, 1, ENDPOINT, NOW_MS)).toBe(false);
      });

      it('keeps its last failure where it is put off without one', async () => {
        await messages.refused(turn, 'm1', refusal(), NOW_MS);
        await messages.refused(turn, 'm1', { ...refusal(), attempts: 7, failure: null }, NOW_MS);
        const [head] = (await messages.list({ states: ['waiting'], corpId: null, openKfId: null }, null, 1))
          .messages;
        expect(head).toMatchObject({ attempts: 7, lastFailure: refusal().failure });
      });

      it('ends when its turn says so', async () => {
        await messages.begin(turn, underWay('m1'));
        await messages.begin(turn, null);
        expect(await messages.findUnderWay(ACCOUNT)).toBeNull();
        expect(await note('answered')).toBe('gone');
        expect(await nextOf(turn)).toMatchObject({ msgid: 'm1' });
      });

      it('is nothing where its message does not wait any more', async () => {
        await messages.begin(turn, underWay('m1'));
        await messages.drop(ACCOUNT, 'm1');
        expect(await messages.findUnderWay(ACCOUNT)).toBeNull();
      });
    });

    describe('an urgent message', () => {
      const urgent = (msgid: string, lane = 'customer-1') => newMessage(msgid, { lane, isUrgent: true });
      const ORDERS: readonly MessageOrder[] = ['account', 'customer'];

      it.each(ORDERS)('goes before all that wait already, in the order %s', async (order) => {
        await keep(['m1', urgent('u1'), 'm2']);
        const turn = await claimOne();
        expect(await nextOf(turn, order)).toMatchObject({ msgid: 'u1' });
        await keep([customer('n1', 'customer-2'), urgent('u2'), urgent('u3', 'customer-2')]);
        await reopen();
        const again = await claimOne(NOW_MS + LEASE_MS);
        const all = ['u1', 'u2', 'u3', 'm1', 'm2', 'n1'];
        expect(await takeAll(again, order, NOW_MS + LEASE_MS)).toEqual(all);
      });

      it.each(ORDERS)('is passed on before one that was refused, in the order %s', async (order) => {
        await keep(['m1']);
        const turn = await claimOne();
        await messages.refused(turn, 'm1', refusal(), NOW_MS);
        await keep([urgent('u1')]);
        expect(await takeAll(turn, order)).toEqual(['u1']);
        expect(await takeAll(turn, order, NOW_MS + 10_000)).toEqual(['m1']);
      });

      it('leaves a message under way that still has to be pulled', async () => {
        await keep(['m1']);
        const turn = await claimOne();
        await messages.begin(turn, underWay('m1'));
        await messages.note(ACCOUNT, { msgid: 'm1', attempt: 1 }, 'answered', NOW_MS);
        await keep([urgent('u1')]);
        expect((await messages.findUnderWay(ACCOUNT))?.message).toMatchObject({ msgid: 'm1' });
        expect(await nextOf(turn)).toMatchObject({ msgid: 'm1' });
        await messages.note(ACCOUNT, { msgid: 'm1', attempt: 1 }, 'pulled', NOW_MS);
        expect(await takeAll(turn)).toEqual(['u1']);
      });

      it('does not stand for the earliest page, unless it is of that', async () => {
        await keep([urgent('u1'), 'm1']);
        await keep(['m2', urgent('u2')], { from: 'from-2', cursor: 'cursor-2' });
        await keep([urgent('u3')], { from: 'from-3', cursor: 'cursor-3' });
        const cursor = () => messages.pulls.findCursor(ACCOUNT, 'app-1');
        const turn = await claimOne();
        expect(await cursor()).toBe('from-1');
        await messages.taken({ ...turn, msgid: 'u1' }, NOW_MS);
        expect(await cursor()).toBe('from-1');
        await messages.taken({ ...turn, msgid: 'm1' }, NOW_MS);
        expect(await cursor()).toBe('from-2');
        await messages.taken({ ...turn, msgid: 'm2' }, NOW_MS);
        expect(await cursor()).toBe('from-2');
        await messages.taken({ ...turn, msgid: 'u2' }, NOW_MS);
        expect(await cursor()).toBe('from-3');
      });

      it('loses no older message where all are handed over', async () => {
        await keep(['m1']);
        await keep([urgent('u1')], { from: 'from-2', cursor: 'cursor-2' });
        expect(await messages.pulls.handOver(await claimOne(), NOW_MS, null)).toBe(2);
        expect(await messages.pulls.findCursor(ACCOUNT, 'app-1')).toBe('from-1');
        expect(await keep(['m1', urgent('u1')])).toMatchObject({ added: 2 });
      });

      it('takes no older message from the queue where a program pulled from its page', async () => {
        await keep(['m1']);
        await keep([urgent('u1')], { from: 'from-2', cursor: 'cursor-2' });
        const pull = { appId: 'app-1', takerId: 'bot-2', beganAtMs: NOW_MS, cursor: 'moved', isAll: true };
        await messages.pulls.moveCursor(ACCOUNT, { ...pull, from: 'from-2' }, NOW_MS);
        expect(await messages.counts(ACCOUNT)).toMatchObject({ waiting: 2 });
        await messages.pulls.moveCursor(ACCOUNT, { ...pull, from: 'from-1' }, NOW_MS);
        expect(await takeAll(await claimOne())).toEqual(['u1']);
      });

      it('does not hide since when the oldest one waits', async () => {
        await keep(['m1']);
        await keep([urgent('u1')], { nowMs: NOW_MS + LEASE_MS });
        for (const account of [ACCOUNT, null])
          expect(await messages.counts(account)).toMatchObject({ oldestWaitingAtMs: NOW_MS });
      });

      it('is listed first, page by page', async () => {
        await keep(['m1', urgent('u1'), urgent('u2')]);
        const found: string[] = [];
        for (let cursor: string | null = null; ;) {
          const page = await messages.list(ALL, cursor, 1);
          found.push(...idsOf(page.messages));
          ({ cursor } = page);
          if (cursor === null) break;
        }
        expect(found).toEqual(['u1', 'u2', 'm1']);
      });
    });

    describe('texts of a customer', () => {
      const MERGE_MS = 3_000;
      const MERGING = { order: 'account', session: { mergeS: 3 } } as OrderingBot;
      const SENT_MS = NOW_MS - 5_000;

      /** A text that the customer has sent so many seconds after the first. */
      function text(msgid: string, { lane = 'customer-1', afterS = 0, entry = {} } = {}): NewMessage {
        const said = { msgid, msgtype: 'text', text: { content: `says ${msgid}` }, ...entry };
        const content = new Secret(JSON.stringify(said));
        return newMessage(msgid, { lane, isText: true, sentAtMs: SENT_MS + afterS * 1_000, content });
      }
      const keepHeld = (page: readonly NewMessage[], afterMs = 0, fields: Partial<PulledPage> = {}) =>
        keep(page, { mergeMs: MERGE_MS, nowMs: NOW_MS + afterMs, ...fields });

      const nextJoined = (turn: Turn, nowMs: number, order: MessageOrder = 'account', isNew = true) =>
        messages.next(turn, { ...MERGING, order }, nowMs, { isProbe: false, isNew: () => isNew });

      /** What a turn gives out at a time. */
      async function sendAll(turn: Turn, afterMs: number, order: MessageOrder = 'account') {
        const sent: { readonly ids: readonly string[]; readonly words: unknown }[] = [];
        const nowMs = NOW_MS + afterMs;
        for (;;) {
          const message = await nextJoined(turn, nowMs, order);
          if (message === null) return sent;
          const { text: said } = JSON.parse(message.content.reveal()) as { text?: { content: unknown } };
          sent.push({ ids: message.merged ?? [message.msgid], words: said?.content });
          await messages.taken(message, nowMs);
        }
      }
      const idsSent = async (...of: Parameters<typeof sendAll>) =>
        (await sendAll(...of)).map(({ ids }) => ids);
      const image = (msgid: string, lane = 'customer-1') =>
        newMessage(msgid, { lane, type: 'image', content: new Secret(JSON.stringify({ msgid })) });

      it.each(['account', 'customer'] as const)(
        'are one message once no further one came, in the order %s',
        async (order) => {
          await keepHeld([text('a')]);
          const turn = await claimOne();
          expect(await sendAll(turn, MERGE_MS - 1, order)).toEqual([]);
          await keepHeld([text('b', { afterS: 2 })], 2_000);
          await reopen();
          expect(await keepHeld([text('b', { afterS: 2 })], 2_000)).toMatchObject({ added: 0 });
          const again = await claimOne(NOW_MS + LEASE_MS);
          expect(await sendAll(again, 2_000 + MERGE_MS - 1, order)).toEqual([]);
          expect(await sendAll(again, 2_000 + MERGE_MS, order)).toEqual([
            { ids: ['a', 'b'], words: 'says a\nsays b' },
          ]);
          expect(await messages.counts(null)).toMatchObject({ waiting: 0 });
          expect(await keepHeld([text('a'), text('b')], LEASE_MS)).toMatchObject({ added: 0 });
        },
      );

      it('hold up nobody else, whose messages pass them', async () => {
        await keepHeld([text('a'), image('other', 'customer-2'), text('c', { lane: 'customer-3' })]);
        const turn = await claimOne();
        expect(await idsSent(turn, 0)).toEqual([['other']]);
        await messages.release(turn, turn.endpoint, MERGING, NOW_MS);
        expect(await claimAll(NOW_MS + MERGE_MS - 1)).toEqual([]);
        expect(await idsSent(await claimOne(NOW_MS + MERGE_MS), MERGE_MS)).toEqual([['a'], ['c']]);
      });

      it('wait behind a message of the account that was refused', async () => {
        await keepHeld([image('refused', 'customer-2'), text('a')]);
        const turn = await claimOne();
        await messages.refused(turn, 'refused', refusal(), NOW_MS);
        expect(await idsSent(turn, MERGE_MS)).toEqual([]);
        await messages.release(turn, turn.endpoint, MERGING, NOW_MS + MERGE_MS);
        expect(await claimAll(NOW_MS + 9_999)).toEqual([]);
        expect(await idsSent(await claimOne(NOW_MS + 10_000), 10_000)).toEqual([['refused'], ['a']]);
      });

      it('are due at once when anything else of the customer comes, and stay before it', async () => {
        await keepHeld([text('a')]);
        await keepHeld([text('b'), image('i'), text('c')], 1_000);
        const turn = await claimOne(NOW_MS + 1_000);
        expect(await idsSent(turn, 1_000)).toEqual([['a', 'b'], ['i']]);
        expect(await idsSent(turn, 1_000 + MERGE_MS)).toEqual([['c']]);
      });

      it('are due at once where the customer wrote something that no bot gets', async () => {
        await keepHeld([text('a'), text('other', { lane: 'customer-2' })]);
        await keepHeld([], 1_000, { withheldLanes: ['customer-1'] });
        expect(await idsSent(await claimOne(NOW_MS + 1_000), 1_000)).toEqual([['a']]);
        await keepHeld([text('b')], 1_000, { withheldLanes: ['customer-1'] });
        const laterMs = 2 * LEASE_MS;
        expect(await idsSent(await claimOne(NOW_MS + laterMs), laterMs)).toEqual([['other'], ['b']]);
      });

      it('are not joined over a longer time, to a choice of a menu, or to one that was tried', async () => {
        const choice = text('choice', { entry: { text: { content: 'yes', menu_id: '1' } } });
        await keepHeld([text('a'), text('b', { afterS: 4 }), { ...choice, isText: false }]);
        const turn = await claimOne();
        expect(await idsSent(turn, 0)).toEqual([['a'], ['b'], ['choice']]);
        await keepHeld([text('c')]);
        await messages.refused(turn, 'c', refusal({ dueAtMs: NOW_MS + MERGE_MS }), NOW_MS);
        await keepHeld([text('d')]);
        expect(await idsSent(turn, MERGE_MS)).toEqual([['c'], ['d']]);
      });

      it('are given after 30 s, whether the customer goes on or not', async () => {
        for (let afterS = 0; afterS <= 32; afterS += 2)
          await keepHeld([text(`t${afterS}`, { afterS })], afterS * 1_000);
        const turn = await claimOne(NOW_MS + 29_999);
        expect(await idsSent(turn, 29_999)).toEqual([]);
        const [first] = await idsSent(turn, 30_000);
        expect([first?.[0], first?.at(-1)]).toEqual(['t0', 't32']);
      });

      it('are joined up to 20, which are due at once', async () => {
        for (let n = 1; n <= 20; n++) await keepHeld([text(`t${n}`)]);
        const turn = await claimOne();
        expect((await idsSent(turn, 0)).map(({ length }) => length)).toEqual([20]);
        await keepHeld(Array.from({ length: 25 }, (_, n) => text(`u${n}`)));
        await keepHeld([text('u25')]);
        expect((await idsSent(turn, 0)).map(({ length }) => length)).toEqual([20]);
        expect((await idsSent(turn, MERGE_MS)).map(({ length }) => length)).toEqual([6]);
      });

      it('are not joined beyond the length of a message', async () => {
        const long = (msgid: string) => text(msgid, { entry: { text: { content: 'x'.repeat(1_100_000) } } });
        await keepHeld([long('a'), long('b'), text('c')]);
        expect(await idsSent(await claimOne(), MERGE_MS)).toEqual([['a'], ['b', 'c']]);
      });

      it('keep the place of the first, from which a program would have to pull', async () => {
        await keepHeld([text('a')]);
        await keepHeld([image('other', 'customer-2')], 0, { from: 'from-2', cursor: 'cursor-2' });
        await keepHeld([text('b')], 0, { from: 'from-3', cursor: 'cursor-3' });
        const turn = await claimOne();
        const joined = await nextJoined(turn, NOW_MS + MERGE_MS);
        expect(joined).toMatchObject({ msgid: 'b', merged: ['a', 'b'], page: { cursor: 'from-1' } });
        await reopen();
        expect(await messages.pulls.findCursor(ACCOUNT, 'app-1')).toBe('from-1');
        const again = await claimOne(NOW_MS + LEASE_MS);
        await messages.pulls.handOver(again, NOW_MS + LEASE_MS, null);
        const page = [text('a'), image('other', 'customer-2'), text('b')];
        expect(await keepHeld(page, LEASE_MS)).toMatchObject({ added: 3 });
      });

      it('are not given twice where a process died as it joined them', async () => {
        await keepHeld([text('a'), text('b'), text('c')]);
        const turn = await claimOne();
        const nowMs = NOW_MS + MERGE_MS;
        const { queue } = opened;
        const forget = queue.forgetEntries.bind(queue);
        queue.forgetEntries = async (which, untilMs) => {
          queue.forgetEntries = async () => Promise.reject(new Error('killed'));
          return forget(which, untilMs);
        };
        await expect(nextJoined(turn, nowMs)).rejects.toThrow('killed');
        queue.forgetEntries = forget;
        await reopen();
        const again = await claimOne(NOW_MS + LEASE_MS);
        expect(await idsSent(again, LEASE_MS)).toEqual([['a', 'b', 'c']]);
        expect(await messages.counts(null)).toMatchObject({ waiting: 0 });
      });

      it('are joined by no turn that is over, and alone where the last one was given up meanwhile', async () => {
        await keepHeld([text('a'), text('b')]);
        const turn = await claimOne();
        const nowMs = NOW_MS + MERGE_MS;
        expect(await nextJoined(turn, NOW_MS + LEASE_MS)).toBeNull();
        const alone = await messages.next(turn, MERGING, nowMs, { isProbe: false });
        expect(alone).toMatchObject({ msgid: 'a' });
        expect(await nextJoined(turn, nowMs, 'account', false)).toEqual(alone);
        expect(await messages.counts(null)).toMatchObject({ waiting: 2 });
        const { queue } = opened;
        const change = queue.changeEntries.bind(queue);
        queue.changeEntries = async (...changed) => {
          queue.changeEntries = change;
          await messages.drop(ACCOUNT, 'b');
          return change(...changed);
        };
        expect(await nextJoined(turn, nowMs)).toEqual(alone);
        expect(await messages.counts(null)).toMatchObject({ waiting: 1 });
      });
    });

    describe('what waits', () => {
      it('is counted, of all or of one account', async () => {
        const nothing = { waiting: 0, dead: 0, oldestWaitingAtMs: null };
        expect(await messages.counts(null)).toEqual(nothing);
        expect(await messages.counts(ACCOUNT)).toEqual(nothing);
        await keep(['m1', 'm2'], { nowMs: NOW_MS + 2 });
        await keep(['m1', 'm2', 'm3'], { account: OTHER, nowMs: NOW_MS + 1 });
        const turn = (await claimAll(NOW_MS + 2)).find(({ openKfId }) => openKfId === 'wkAccount-2') as Turn;
        await messages.refused(turn, 'm2', DEAD, NOW_MS + 2);
        expect(await messages.counts(null)).toEqual({ waiting: 4, dead: 1, oldestWaitingAtMs: NOW_MS + 1 });
        expect(await messages.counts(ACCOUNT)).toEqual({
          waiting: 2,
          dead: 0,
          oldestWaitingAtMs: NOW_MS + 2,
        });
        await reopen();
        expect(await messages.counts(OTHER)).toEqual({ waiting: 2, dead: 1, oldestWaitingAtMs: NOW_MS + 1 });
      });

      it('is found by its webhook id, until it is taken or dead', async () => {
        const find = async (msgid: string) =>
          (await messages.find(webhookIdOf({ ...ACCOUNT, msgid })))?.content.reveal();
        await keep(['m1', 'm2']);
        await reopen();
        expect([await find('m1'), await find('m2')]).toEqual(['what m1 says', 'what m2 says']);
        const turn = await claimOne();
        await messages.taken({ ...turn, msgid: 'm1' }, NOW_MS);
        await messages.refused(turn, 'm2', DEAD, NOW_MS);
        expect([await find('m1'), await find('m2'), await find('m3')]).toEqual([
          undefined,
          undefined,
          undefined,
        ]);
      });

      it('is listed by account and by endpoint', async () => {
        await keep(['m1', 'm2'], { endpoint: 'http://one' });
        await keep(['m1'], { account: OTHER, endpoint: null });
        await keep([], { account: { ...ACCOUNT, openKfId: 'wkIdle' } });
        expect(await messages.lines.listEndpoints()).toEqual(['http://one']);
        expect(await waitingAccounts()).toEqual([
          { ...ACCOUNT, endpoint: 'http://one' },
          { ...OTHER, endpoint: null },
        ]);
        await messages.wake(OTHER, 'http://one', NOW_MS);
        for (const turn of await claimAll()) {
          await takeAll(turn);
          await release(turn);
        }
        expect(await messages.lines.listEndpoints()).toEqual([]);
        expect(await waitingAccounts()).toEqual([]);
      });

      it('is handed over to another recipient, all but what is dead', async () => {
        await keep(['m1', 'm2', 'm3']);
        const turn = await claimOne();
        await messages.refused(turn, 'm2', DEAD, NOW_MS);
        expect(await messages.pulls.handOver(turn, NOW_MS, null)).toBe(2);
        expect(await messages.pulls.handOver(turn, NOW_MS, null)).toBe(0);
        await release(turn);
        expect(await claimAll(NOW_MS + HOUR_MS)).toEqual([]);
        expect(await messages.counts(null)).toEqual({ waiting: 0, dead: 1, oldestWaitingAtMs: null });
      });

      it('comes back from a recipient that did not take it, when all is pulled once more', async () => {
        await keep(['m1', 'm2', 'm3']);
        const turn = await claimOne();
        await messages.taken({ ...turn, msgid: 'm1' }, NOW_MS);
        await messages.pulls.handOver(turn, NOW_MS, null);
        await release(turn);
        await reopen();
        const lease = await beginPull();
        expect(lease).toMatchObject({ cursor: 'from-1', regime: 'bot-1', waiting: 0 });
        await messages.pulls.end(ACCOUNT, lease.id);
        expect(await keep(['m1', 'm2', 'm3'], { cursor: 'next' })).toMatchObject({ added: 2, waiting: 2 });
        expect(await takeAll(await claimOne())).toEqual(['m2', 'm3']);
        expect((await beginPull()).cursor).toBe('next');
      });

      it('and is handed over ends a pull under way, which would move the cursor', async () => {
        await keep(['m1']);
        const turn = await claimOne();
        const { id } = await beginPull();
        await messages.pulls.handOver(turn, NOW_MS, null);
        const page = pulledPage([newMessage('m2')], { cursor: 'late' });
        expect(await messages.pulls.keep(ACCOUNT, id, page, NOW_MS, LEASE_MS)).toBeNull();
        expect((await beginPull()).cursor).toBe('from-1');
      });

      it('gives its cursor to whoever pulls on, and that of its page while something waits or was handed over', async () => {
        expect(await messages.pulls.findCursor(ACCOUNT, 'app-1')).toBe('');
        await keep(['m1', 'm2']);
        expect(await messages.pulls.findCursor(ACCOUNT, 'app-1')).toBe('from-1');
        expect(await messages.pulls.findCursor(ACCOUNT, 'app-2')).toBe('');
        expect(await takeAll(await claimOne())).toEqual(['m1', 'm2']);
        expect(await messages.pulls.findCursor(ACCOUNT, 'app-1')).toBe('cursor-1');
        await reopen();
        expect(await messages.pulls.findCursor(ACCOUNT, 'app-1')).toBe('cursor-1');
        expect(await messages.pulls.findCursor(ACCOUNT, 'app-2')).toBe('');
        expect(await messages.pulls.findCursor(OTHER, 'app-1')).toBe('');
        await keep(['m3', 'm4'], { from: 'cursor-1', cursor: 'cursor-2' });
        const [turn] = await claimAll(NOW_MS + HOUR_MS);
        if (turn === undefined) throw new Error('it waits');
        expect(await messages.pulls.handOver(turn, NOW_MS + HOUR_MS, null)).toBe(2);
        expect(await messages.pulls.findCursor(ACCOUNT, 'app-1')).toBe('cursor-1');
      });

      it('is handed over from a cursor that is nearer, if that is one of the first message', async () => {
        for (const [msgid, cursor] of [
          ['m2', 'nearer'],
          ['m1', 'from-1'],
        ] as const) {
          await keep(['m1', 'm2'], { nowMs: NOW_MS + HOUR_MS });
          const [turn] = await claimAll(NOW_MS + HOUR_MS);
          if (turn === undefined) throw new Error('it waits');
          if (msgid === 'm2') await messages.taken({ ...turn, msgid: 'm1' }, NOW_MS + HOUR_MS);
          await messages.pulls.handOver(turn, NOW_MS + HOUR_MS, { msgid, cursor: 'nearer' });
          expect(await messages.pulls.findCursor(ACCOUNT, 'app-1')).toBe(
            cursor === 'nearer' ? 'nearer' : 'from-1',
          );
          await release(turn, NOW_MS + HOUR_MS);
        }
      });

      it('leaves the cursors where nothing is handed over', async () => {
        await keep(['m1']);
        const turn = await claimOne();
        await messages.taken({ ...turn, msgid: 'm1' }, NOW_MS);
        expect(await messages.pulls.handOver(turn, NOW_MS, null)).toBe(0);
        expect((await beginPull()).cursor).toBe('cursor-1');
      });
    });

    describe('a page of the list', () => {
      const A = { corpId: 'wwA', openKfId: 'wk1' };
      const B = { corpId: 'wwA', openKfId: 'wk2' };
      const C = { corpId: 'wwB', openKfId: 'wk1' };

      beforeEach(async () => {
        await keep(['z1', 'a2', 'm3'], { account: A });
        await keep(['b1'], { account: B });
        await keep(['c1', 'c2'], { account: C });
        const turns = await claimAll();
        const turn = turns.find(({ corpId, openKfId }) => corpId === A.corpId && openKfId === A.openKfId);
        await messages.refused(turn as Turn, 'a2', DEAD, NOW_MS);
      });

      async function pages(filter: Partial<EntryFilter>, limit: number): Promise<string[][]> {
        const found: string[][] = [];
        for (let cursor: string | null = null; ;) {
          const page = await messages.list({ ...ALL, ...filter }, cursor, limit);
          found.push(idsOf(page.messages));
          ({ cursor } = page);
          if (cursor === null) return found;
        }
      }

      it('has them account by account, each in its order', async () => {
        expect(await pages({}, 100)).toEqual([['z1', 'a2', 'm3', 'b1', 'c1', 'c2']]);
        expect(await pages({}, 2)).toEqual([
          ['z1', 'a2'],
          ['m3', 'b1'],
          ['c1', 'c2'],
        ]);
      });

      it('has those of the states, the corp and the account', async () => {
        expect(await pages({ states: ['dead'] }, 9)).toEqual([['a2']]);
        expect(await pages({ states: ['waiting'] }, 2)).toEqual([['z1', 'm3'], ['b1', 'c1'], ['c2']]);
        expect(await pages({ corpId: 'wwA' }, 3)).toEqual([['z1', 'a2', 'm3'], ['b1']]);
        expect(await pages({ openKfId: 'wk1' }, 4)).toEqual([['z1', 'a2', 'm3', 'c1'], ['c2']]);
        expect(await pages({ corpId: 'wwB', openKfId: 'wk1' }, 9)).toEqual([['c1', 'c2']]);
        expect(await pages({ corpId: 'ww' }, 9)).toEqual([[]]);
      });

      it('begins anew for a cursor that is none', async () => {
        const page = await messages.list(ALL, 'nonsense', 1);
        expect(idsOf(page.messages)).toEqual(['z1']);
      });
    });

    describe('what waits for 3 days', () => {
      const OVER_MS = NOW_MS + MESSAGE_LIFE_MS;
      const EXPIRED: Failure = { atMs: OVER_MS, stage: 'expired', reason: 'no bot took it within 3 days' };
      const expire = async (atMs: number) => idsOf(await messages.clearUp({ ...EXPIRED, atMs }));

      it('is dead, also while nobody is there to take it', async () => {
        await keep(['m1', 'm2'], { endpoint: null });
        await keep(['m3'], { nowMs: NOW_MS + 1, endpoint: null });
        expect(await expire(OVER_MS - 1)).toEqual([]);
        expect((await expire(OVER_MS)).sort()).toEqual(['m1', 'm2']);
        expect(await expire(OVER_MS)).toEqual([]);
        await reopen();
        expect(await messages.counts(null)).toMatchObject({ waiting: 1, dead: 2 });
        const [dead] = (await messages.list({ ...ALL, states: ['dead'] }, null, 1)).messages;
        expect(dead).toMatchObject({ msgid: 'm1', dueAtMs: null, lastFailure: EXPIRED });
        await sweep(OVER_MS + MESSAGE_LIFE_MS);
        expect(await messages.counts(null)).toMatchObject({ waiting: 1, dead: 0 });
      });

      it('ends as a dead letter after 3 days more, and its id is known', async () => {
        await keep(['m1'], { skipped: ['m2'] });
        expect(await expire(OVER_MS)).toEqual(['m1']);
        expect(await expire(OVER_MS + MESSAGE_LIFE_MS - 1)).toEqual([]);
        expect(await messages.counts(null)).toMatchObject({ waiting: 0, dead: 1 });
        await expire(OVER_MS + MESSAGE_LIFE_MS);
        expect(await messages.counts(null)).toMatchObject({ waiting: 0, dead: 0 });
        const laterMs = OVER_MS + MESSAGE_LIFE_MS;
        expect(await keep(['m1', 'm2'], { nowMs: laterMs })).toMatchObject({ added: 1, waiting: 1 });
      });

      it('is dead where it was tried in vain', async () => {
        await keep(['m1']);
        await messages.refused(await claimOne(), 'm1', refusal({ dueAtMs: OVER_MS }), NOW_MS);
        expect(await expire(OVER_MS)).toEqual(['m1']);
      });

      it('and was sent again by an operator waits as long once more, or until it was tried', async () => {
        await keep(['m1', 'm2']);
        await expire(OVER_MS);
        for (const msgid of ['m1', 'm2']) await messages.replay(ACCOUNT, msgid, ENDPOINT, OVER_MS);
        expect(await expire(OVER_MS + MESSAGE_LIFE_MS - 1)).toEqual([]);
        const turn = await claimOne(OVER_MS);
        await messages.refused(turn, 'm1', refusal({ dueAtMs: OVER_MS }), OVER_MS);
        expect(await expire(OVER_MS + 1)).toEqual(['m1']);
        expect(await expire(OVER_MS + MESSAGE_LIFE_MS)).toEqual(['m2']);
      });

      it('may be taken all the same by an attempt that is under way', async () => {
        await keep(['m1']);
        const turn = await claimOne(OVER_MS - 1);
        expect(await expire(OVER_MS)).toEqual(['m1']);
        await messages.taken({ ...turn, msgid: 'm1' }, OVER_MS);
        expect(await messages.counts(null)).toMatchObject({ waiting: 0, dead: 0 });
      });
    });

    describe('a sweep', () => {
      it('forgets ids that need not be known any more, and no others', async () => {
        await keep(['m1', 'm2'], { skipped: ['m3'] });
        const turn = await claimOne();
        await messages.taken({ ...turn, msgid: 'm1' }, NOW_MS + 1);
        await sweep(NOW_MS + SEEN_MS - 1);
        const nowMs = NOW_MS + SEEN_MS;
        expect(await keep(['m1', 'm3'], { nowMs: nowMs - 1 })).toMatchObject({ added: 0 });
        await sweep(nowMs);
        expect(await keep(['m1'], { nowMs })).toMatchObject({ added: 0 });
        expect(await keep(['m3'], { nowMs })).toMatchObject({ added: 1 });
        await reopen();
        await sweep(nowMs + 1);
        const laterMs = nowMs + LEASE_MS;
        expect(await keep(['m1', 'm2'], { nowMs: laterMs })).toMatchObject({ added: 1, waiting: 3 });
      });

      it('removes what has been dead for 3 days, and knows its id', async () => {
        await keep(['m1', 'm2']);
        const turn = await claimOne();
        await messages.refused(turn, 'm1', DEAD, NOW_MS);
        await sweep(NOW_MS + MESSAGE_LIFE_MS - 1);
        expect(await messages.counts(null)).toMatchObject({ waiting: 1, dead: 1 });
        await sweep(NOW_MS + MESSAGE_LIFE_MS);
        expect(await messages.counts(null)).toMatchObject({ waiting: 1, dead: 0 });
        expect(await messages.replay(ACCOUNT, 'm1', ENDPOINT, NOW_MS)).toBe(false);
        expect(await keep(['m1'], { nowMs: NOW_MS + MESSAGE_LIFE_MS })).toMatchObject({
          added: 0,
          waiting: 1,
        });
      });
    });
  });
}
