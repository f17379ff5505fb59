import { beforeEach, describe, expect, it } from '@jest/globals';
import { kfEvent } from '../../../test/support/delivery.js';
import { AppError } from '../../kernel/app-error.js';
import { type Hint, hintKey, type NewHint } from './hint.js';
import { LocalOutbox, MemoryHintStore } from './local-outbox.js';

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
const ENDPOINT = 'http://puppet:8080';
const KEY = hintKey(kfEvent());

/** Does nothing while it is away, and says so when `fail` is called. */
class StubbornStore extends MemoryHintStore {
  #away: PromiseWithResolvers<void> | null = null;

  goAway(): { fail(): void } {
    const away = Promise.withResolvers<void>();
    this.#away = away;
    return { fail: () => away.reject(new AppError('STORE_UNAVAILABLE')) };
  }

  comeBack(): void {
    this.#away = null;
  }

  override async write(key: string, hint: Hint): Promise<void> {
    await this.#away?.promise;
    await super.write(key, hint);
  }

  override async remove(key: string): Promise<void> {
    await this.#away?.promise;
    await super.remove(key);
  }
}

let store: StubbornStore;
let outbox: LocalOutbox;

beforeEach(() => {
  store = new StubbornStore();
  outbox = new LocalOutbox(store);
});

function newHint(id: string, fields: Partial<NewHint> = {}): NewHint {
  return {
    event: kfEvent({ id }),
    isFirst: () => false,
    keysId: null,
    arrivedAtMs: NOW_MS,
    attempts: 1,
    step: 1,
    dueAtMs: NOW_MS + 1_000,
    endpoint: ENDPOINT,
    failure: null,
    lease: null,
    ...fields,
  };
}

const rejected = (work: Promise<unknown>) =>
  expect(work).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });

describe('what could not be dropped', () => {
  it('waits as it did, with its lease, and can be dropped again', async () => {
    const { generation } = await outbox.put(newHint('old'), NOW_MS);
    const [claimed] = await outbox.claimDue(NOW_MS + 1_000, 1, 15_000, new Set());
    const away = store.goAway();
    const dropping = outbox.drop(KEY, generation);
    away.fail();
    await rejected(dropping);
    expect(await outbox.find(KEY)).toMatchObject({ generation, lease: claimed?.lease });
    expect(await outbox.counts()).toMatchObject({ waiting: 1, oldestWaitingAtMs: NOW_MS });
    store.comeBack();
    expect(await outbox.drop(KEY, generation)).toBe(true);
    expect(await outbox.find(KEY)).toBeNull();
  });

  it('does not come back over what came meanwhile', async () => {
    const old = await outbox.put(newHint('old'), NOW_MS);
    const away = store.goAway();
    const dropping = outbox.drop(KEY, old.generation);
    store.comeBack();
    const { generation } = await outbox.put(newHint('newer'), NOW_MS);
    away.fail();
    await rejected(dropping);
    expect(await outbox.find(KEY)).toMatchObject({ generation, event: { id: 'newer' } });
  });
});

describe('what could not be replayed', () => {
  it('is as it was, but for a lease that ended meanwhile', async () => {
    const { generation } = await outbox.put(newHint('old'), NOW_MS);
    const [claimed] = await outbox.claimDue(NOW_MS + 1_000, 1, 15_000, new Set());
    const held = { key: KEY, generation, leaseId: claimed?.lease.id ?? null };
    const before = await outbox.find(KEY);
    const away = store.goAway();
    const replaying = outbox.replay(KEY, 'http://moved', NOW_MS + 2_000);
    await outbox.release(held, NOW_MS + 9_000, NOW_MS + 2_000);
    away.fail();
    await rejected(replaying);
    expect(await outbox.find(KEY)).toEqual({ ...before, lease: null });
  });

  it('does not come back over what came meanwhile', async () => {
    await outbox.put(newHint('old'), NOW_MS);
    const away = store.goAway();
    const replaying = outbox.replay(KEY, ENDPOINT, NOW_MS);
    store.comeBack();
    const { generation } = await outbox.put(newHint('newer'), NOW_MS);
    away.fail();
    await rejected(replaying);
    expect(await outbox.find(KEY)).toMatchObject({ generation, event: { id: 'newer' } });
  });
});

it('knows what waits longest, whatever becomes of it', async () => {
  const longest = async () => (await outbox.counts()).oldestWaitingAtMs;
  const keyOf = (n: number) => hintKey(kfEvent({ openKfId: `wk${n}` }));
  const put = (n: number, arrivedAtMs: number) =>
    outbox.put(
      newHint(`e${n}`, { event: kfEvent({ id: `at-${arrivedAtMs}`, openKfId: `wk${n}` }), arrivedAtMs }),
      NOW_MS,
    );
  expect(await longest()).toBeNull();
  const kept = [await put(0, NOW_MS + 5), await put(1, NOW_MS + 1), await put(2, NOW_MS + 1)];
  expect(await longest()).toBe(NOW_MS + 1);
  const heldOf = (n: number) => ({ key: keyOf(n), generation: kept[n]?.generation ?? '', leaseId: null });
  await outbox.settle(heldOf(1), NOW_MS);
  expect(await longest()).toBe(NOW_MS + 1);
  await outbox.bury(heldOf(2), { atMs: NOW_MS, stage: 'expired', reason: 'too old' }, NOW_MS);
  expect(await longest()).toBe(NOW_MS + 5);
  // A newer event of an account that waits already.
  await put(0, NOW_MS + 7);
  expect(await longest()).toBe(NOW_MS + 5);
  await outbox.wake(keyOf(2), ENDPOINT, NOW_MS);
  expect(await longest()).toBe(NOW_MS + 1);
});
