import { beforeEach, describe, expect, it } from '@jest/globals';
import { append, attemptRecord, deliveryRecord, RecordIds } from '../../test/support/delivery-records.js';
import { openBot, storedBot } from '../../test/support/bots.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { MemoryDeliveryLog } from '../../test/support/memory-journals.js';
import { registeredPuppet } from '../../test/support/puppets.js';
import { openRegistryImage } from '../../test/support/registry.js';
import { type DeliveryRecord, type LoggedRecord } from './delivery-record.js';
import { DeliveryHistory, type HistoryFilter } from './delivery-history.js';

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);

let log: MemoryDeliveryLog;
let ids: RecordIds;
let registry: ReturnType<typeof openRegistryImage>;
let history: DeliveryHistory;

beforeEach(() => {
  log = new MemoryDeliveryLog();
  ids = new RecordIds();
  registry = openRegistryImage(new ManualClock());
  history = new DeliveryHistory(log, registry.accounts, registry.bots);
});

function logged(record: DeliveryRecord): LoggedRecord {
  const written = ids.toLogged(record);
  // In memory it is there at once.
  void append(log, [written]);
  return written;
}

const endRecord = (outcome: 'dead' | 'replayed', atMs: number, webhookId = 'msg_1'): DeliveryRecord =>
  deliveryRecord({ kind: 'end', outcome, atMs, durationMs: 9_999, webhookId, form: null });

/** Its callback came in at `NOW_MS` and was answered a second later. */
const keep = (): LoggedRecord =>
  logged(deliveryRecord({ atMs: NOW_MS + 1_000, durationMs: 1_000, outcome: 'kept' }));

async function endOf({ id }: LoggedRecord): Promise<string | null> {
  const { outcome, endedBy } = await history.story(id);
  expect(outcome === 'kept' || outcome === 'replayed' || endedBy === null).toBe(true);
  return endedBy?.id ?? null;
}

describe('the wait of an event that was kept', () => {
  it('ends by the first event of its account that is taken', async () => {
    const kept = keep();
    expect(await endOf(kept)).toBeNull();
    const second = logged(
      attemptRecord({ atMs: NOW_MS + 5_000, durationMs: 80, webhookId: 'msg_2', occasion: 'due' }),
    );
    logged(deliveryRecord({ atMs: NOW_MS + 6_000, webhookId: 'msg_3' }));
    expect(await endOf(kept)).toBe(second.id);
  });

  it('does not end by one whose attempt or callback began before it came in', async () => {
    const kept = keep();
    logged(attemptRecord({ atMs: NOW_MS + 2_000, durationMs: 2_001, webhookId: 'msg_0' }));
    expect(await endOf(kept)).toBeNull();
    const next = logged(attemptRecord({ atMs: NOW_MS + 2_000, durationMs: 2_000, webhookId: 'msg_2' }));
    expect(await endOf(kept)).toBe(next.id);
  });

  it('ends when a newer one is given up, however long that waited', async () => {
    const kept = keep();
    const end = logged(endRecord('dead', NOW_MS + 9_000, 'msg_2'));
    expect(await endOf(kept)).toBe(end.id);
  });

  it('goes on under another webhook-id when an operator sends it again, also where it was dead', async () => {
    const kept = keep();
    logged(endRecord('dead', NOW_MS + 5_000));
    logged(endRecord('replayed', NOW_MS + 8_000));
    expect(await history.story(kept.id)).toMatchObject({ outcome: 'replayed', endedBy: null });
    logged(attemptRecord({ atMs: NOW_MS + 8_001, durationMs: 80, webhookId: 'msg_0' }));
    expect(await endOf(kept)).toBeNull();
    const again = logged(attemptRecord({ atMs: NOW_MS + 8_100, durationMs: 80, webhookId: 'msg_2' }));
    expect(await endOf(kept)).toBe(again.id);
  });

  it('ends by none but itself, once it was taken or given up', async () => {
    const kept = keep();
    logged(attemptRecord({ atMs: NOW_MS + 3_000, durationMs: 80, webhookId: 'msg_2' }));
    logged(attemptRecord({ atMs: NOW_MS + 4_000, durationMs: 80, occasion: 'due', attempt: 2 }));
    expect(await endOf(kept)).toBeNull();
    expect(await history.story(kept.id)).toMatchObject({ outcome: 'taken', endedBy: null });
  });
});

it('a welcome is in the story of its event, and tells nothing of whether the bot took that', async () => {
  const welcome = logged(deliveryRecord({ kind: 'text', outcome: 'welcome', form: null }));
  expect(await history.story(welcome.id)).toMatchObject({ outcome: 'welcome', takenAtMs: null });
  logged(attemptRecord({ outcome: 'not_taken', occasion: 'message' }));
  logged(deliveryRecord({ kind: 'text', outcome: 'welcome', form: null }));
  expect(await history.story(welcome.id)).toMatchObject({ outcome: 'not_taken' });
  logged(attemptRecord({ outcome: 'taken', occasion: 'message' }));
  expect(await history.story(welcome.id)).toMatchObject({ outcome: 'taken' });
});

describe('the records of a bot', () => {
  const CORP = storedBot().corpId;
  const ANY = {
    ...{ fromMs: null, toMs: null, corpId: null, openKfId: null, botId: null },
    ...{ webhookId: null, outcome: null, text: null },
  };

  async function accountsOf(filter: Partial<HistoryFilter>): Promise<(string | null)[]> {
    const { records, nextBefore } = await history.page({ ...ANY, ...filter }, null, 50);
    expect(nextBefore).toBeNull();
    return records.map(({ openKfId }) => openKfId);
  }

  beforeEach(() => {
    registry.bots.written(openBot({ id: 'bot-1', openKfIds: ['wk1', 'wk2'] }));
    registry.bots.written(openBot({ id: 'bot-2', openKfIds: ['*'] }));
    registry.image.put(registeredPuppet({ openKfId: 'wkOfPuppet', corpId: CORP }));
    for (const openKfId of ['wk1', 'wk2', 'wk3', 'wkOfPuppet', null])
      logged(deliveryRecord({ corpId: CORP, openKfId }));
    logged(deliveryRecord({ corpId: 'wwOther', openKfId: 'wk1' }));
  });

  it('are those of the accounts that it lists, also of one of them, or with a text', async () => {
    expect(await accountsOf({ botId: 'bot-1' })).toEqual(['wk2', 'wk1']);
    expect(await accountsOf({ botId: 'bot-1', openKfId: 'wk2' })).toEqual(['wk2']);
    expect(await accountsOf({ botId: 'bot-1', openKfId: 'wk3' })).toEqual([]);
    expect(await accountsOf({ botId: 'bot-1', text: 'wk1' })).toEqual(['wk1']);
  });

  it('are those that nobody else has, where it has all others', async () => {
    expect(await accountsOf({ botId: 'bot-2' })).toEqual(['wk3']);
  });

  it('are none for a bot of another corp, or one that is not known', async () => {
    expect(await accountsOf({ botId: 'bot-1', corpId: 'wwOther' })).toEqual([]);
    expect(await accountsOf({ botId: 'bot-9' })).toEqual([]);
  });
});
