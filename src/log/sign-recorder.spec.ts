import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { ManualClock } from '../../test/support/manual-clock.js';
import { MemoryDeliveryLog } from '../../test/support/memory-journals.js';
import { deliveryRecord } from '../../test/support/delivery-records.js';
import type { LoggedRecord } from './delivery-record.js';
import type { JournalBatch } from '../storage/journal/journal.js';
import type { RecordStore } from '../storage/records/records.js';
import { failedOnce, type WecomOutcome, wentWell } from './outcome.js';
import { Past } from './past.js';
import { SignRecorder } from './sign-recorder.js';

const REPLIES = { subject: 'replies', corpId: 'ww1', botId: null, openKfId: 'wk1', api: '' } as const;
const CALLS = { ...REPLIES, subject: 'call', openKfId: null } as const;

/** Fails while it is away, and takes its time. */
class SlowLog extends MemoryDeliveryLog {
  isAway = false;
  takesMs = 0;

  override newBatch(): JournalBatch<LoggedRecord> {
    const batch = super.newBatch();
    return {
      length: batch.length,
      add: (entry) => batch.add(entry),
      write: async () => {
        await clock.advance(this.takesMs);
        if (this.isAway) throw new Error('the store is away');
        await batch.write();
      },
    };
  }
}

let clock: ManualClock;
let past: Past;
let log: SlowLog;
let signs: SignRecorder;

function open(isShared: boolean, days = 3): void {
  log = new SlowLog(undefined, days);
  const records = { isShared } as RecordStore;
  signs = new SignRecorder(past, log, records, clock, clock, pino({ level: 'silent' }));
}

beforeEach(() => {
  clock = new ManualClock();
  past = new Past(clock);
  open(true);
});

const outcomes = (): WecomOutcome[] => log.table.flatMap((row) => row.signs?.outcomes ?? []);
const fail = () => signs.noteOutcome(failedOnce(CALLS, '45009', clock.nowMs()));

describe('where others are on the store', () => {
  it('replies are written within half a second, added up, and known here at once', async () => {
    for (let n = 0; n < 3; n++) signs.noteOutcome(wentWell(REPLIES, clock.nowMs() + n));
    expect(past.repliedAtMs(REPLIES)).toBe(clock.nowMs() + 2);
    const okAtMs = clock.nowMs() + 2;
    await clock.advance(500);
    expect(outcomes()).toMatchObject([{ subject: 'replies', openKfId: 'wk1', okAtMs }]);
    expect(log.table).toMatchObject([{ kind: 'signs', webhookId: null, openKfId: null }]);
  });

  it('what they know already is written once a minute, and what changes at once', async () => {
    signs.noteOutcome(wentWell(CALLS, clock.nowMs()));
    await clock.advance(1_000);
    expect(outcomes()).toEqual([]);
    for (let n = 0; n < 9; n++) {
      fail();
      await clock.advance(1_000);
    }
    expect(outcomes()).toHaveLength(3);
    signs.noteOutcome(wentWell(CALLS, clock.nowMs()));
    await clock.advance(1_000);
    expect(outcomes().at(-1)).toMatchObject({ failures: 0, okAtMs: clock.nowMs() - 1_000 });
    await clock.advance(60_000);
    expect(outcomes()).toHaveLength(5);
  });

  it('is written again where the store failed, or took longer than readers look back', async () => {
    log.isAway = true;
    signs.noteOutcome(wentWell(REPLIES, clock.nowMs()));
    signs.forget('wk2');
    await clock.advance(5_000);
    expect(outcomes()).toEqual([]);
    log.isAway = false;
    log.takesMs = 1_500;
    await clock.advance(500);
    log.takesMs = 0;
    await clock.advance(2_000);
    expect(outcomes().map(({ subject }) => subject)).toEqual(['replies', 'replies']);
    expect(log.table.flatMap((row) => row.signs?.forgotten ?? [])).toMatchObject([
      { openKfId: 'wk2' },
      { openKfId: 'wk2' },
    ]);
  });

  it('goes on without a delivery log, for an hour', async () => {
    open(true, 0);
    signs.noteOutcome(wentWell(REPLIES, clock.nowMs()));
    await clock.advance(500);
    expect(outcomes()).toHaveLength(1);
  });

  it('what bots took that asks for a reply is written where no log says so, and becomes known to others', async () => {
    open(true, 0);
    const taken = { kind: 'attempt', endpoint: 'http://bot:1', asks: 'event', durationMs: 10 } as const;
    const account = { corpId: 'ww1', openKfId: 'wk1' };
    for (const atMs of [1_010, 2_010, 3_010]) signs.noteTaken(deliveryRecord({ ...account, ...taken, atMs }));
    signs.noteTaken(
      deliveryRecord({ ...account, ...taken, endpoint: 'wecom://kf/sync_msg#b1', openKfId: 'wk2' }),
    );
    await clock.advance(500);
    const questions = log.table.flatMap((row) => row.signs?.questions ?? []);
    expect(questions).toEqual([{ ...account, asks: 'event', times: [1_000, 3_000] }]);
    for (const question of questions) past.noteQuestion(question);
    expect(past.takenOf(account)).toMatchObject({ events: [1_000, 3_000] });
  });

  it('sync tokens are written by their hashes, in one record with what else is news', async () => {
    signs.noteOutcome(wentWell(REPLIES, clock.nowMs()));
    for (let n = 0; n < 150; n++) signs.noteToken({ hash: `hash-${n}`, leftMs: 540_000 });
    const untilMs = clock.nowMs() + 540_000;
    await clock.advance(500);
    expect(log.table.map(({ signs: each }) => each?.tokens?.length)).toEqual([100, 50]);
    expect(log.table[0]?.signs).toMatchObject({ outcomes: [{ openKfId: 'wk1' }] });
    expect(log.table[0]?.signs?.tokens?.[0]).toEqual({ hash: 'hash-0', untilMs });
  });

  it('is written when the process stops', async () => {
    signs.noteOutcome(wentWell(CALLS, clock.nowMs()));
    await signs.beforeApplicationShutdown();
    signs.noteOutcome(wentWell(REPLIES, clock.nowMs()));
    await signs.onApplicationShutdown();
    expect(outcomes().map(({ subject }) => subject)).toEqual(['call', 'replies']);
  });
});

it('in a store of one process what others would have to know is as quick, and nothing is written without a delivery log', async () => {
  open(false);
  signs.noteOutcome(wentWell(REPLIES, clock.nowMs()));
  await clock.advance(500);
  expect(outcomes()).toHaveLength(1);
  open(false, 0);
  signs.noteOutcome(wentWell(REPLIES, clock.nowMs()));
  await clock.advance(60_000);
  expect(outcomes()).toEqual([]);
});
