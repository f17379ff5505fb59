import { beforeEach, describe, expect, it } from '@jest/globals';
import { kfEvent } from '../../../test/support/delivery.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { destinationOf, registeredPuppet } from '../../../test/support/puppets.js';
import {
  passMinute,
  type SeeingReplica,
  seeingReplica,
  type SeenTables,
} from '../../../test/support/seen.js';
import { SEEN_KEPT_MS } from '../../record/seen-store.js';

const MINUTE_MS = 60_000;
const PUPPET = registeredPuppet({ openKfId: 'wk1' });
const CALL = { operation: 'call', corpId: 'ww1', api: 'kf/send_msg', openKfId: 'wk1', fault: null } as const;

let clock: ManualClock;
let tables: SeenTables;
let here: SeeingReplica;
let there: SeeingReplica;

function startReplica(name: string): SeeingReplica {
  const replica = seeingReplica(name, tables, clock);
  replica.others.onApplicationBootstrap();
  return replica;
}

beforeEach(() => {
  clock = new ManualClock();
  tables = new Map();
  [here, there] = [startReplica('here'), startReplica('there')];
});

function take({ deliveries }: SeeingReplica, openKfId = 'wk1'): void {
  const result = { taken: true, status: 200 } as const;
  deliveries.ended(destinationOf({ ...PUPPET, openKfId }), kfEvent(), 'inline', 1, result, 5);
}

const takenAtMs = ({ others }: SeeingReplica, openKfId = 'wk1') =>
  others.accounts.of(openKfId).map(({ taken }) => taken?.atMs);

describe('what others have seen', () => {
  it('is known here once their minute is over, and its own is not taken for another’s', async () => {
    take(there);
    const atMs = clock.nowMs();
    expect(takenAtMs(here)).toEqual([]);
    await passMinute(clock);
    expect([takenAtMs(here), takenAtMs(there)]).toEqual([[atMs], []]);
  });

  it('is what they saw last, also at the turn of a quarter of an hour', async () => {
    for (let minute = 0; minute < 32; minute++) {
      await clock.advance(49_500);
      take(there);
      const atMs = clock.nowMs();
      await passMinute(clock);
      expect(takenAtMs(here)).toEqual([atMs]);
    }
    expect(takenAtMs(startReplica('later'))).toEqual([]);
  });

  it('is known to a replica that starts later, and to the next process of the same host', async () => {
    take(there);
    const atMs = clock.nowMs();
    await there.others.beforeApplicationShutdown();
    await clock.advance(3 * 60 * MINUTE_MS);
    const later = startReplica('later');
    await passMinute(clock);
    expect(takenAtMs(later)).toEqual([atMs]);
  });

  it('is forgotten after three days', async () => {
    take(there);
    await passMinute(clock);
    await clock.advance(SEEN_KEPT_MS - 15 * MINUTE_MS);
    expect(takenAtMs(here)).toHaveLength(1);
    await clock.advance(15 * MINUTE_MS);
    expect(takenAtMs(here)).toEqual([]);
  });

  it('is forgotten with the account', async () => {
    take(there);
    there.wecom.noteOutcome({ ...CALL, openKfId: 'wk2', corpId: PUPPET.corpId, errcode: 0 });
    await passMinute(clock);
    expect(here.histories.accountsOf(PUPPET.corpId)).toEqual(new Set(['wk1', 'wk2']));
    for (const { histories, deliveries } of [here, there]) {
      histories.forget('wk1');
      deliveries.forget('wk1');
    }
    await passMinute(clock);
    expect([takenAtMs(here), here.others.replies.of('wk2')]).toEqual([[], [expect.anything()]]);
  });

  it('comes with the next minute where the store was away', async () => {
    there.store.isAway = true;
    take(there);
    for (let minute = 0; minute < 20; minute++) await passMinute(clock);
    there.store.isAway = false;
    here.store.isAway = true;
    await passMinute(clock);
    expect(takenAtMs(here)).toEqual([]);
    here.store.isAway = false;
    await passMinute(clock);
    expect(takenAtMs(here)).toHaveLength(1);
  });

  it('is whole where they are many accounts', async () => {
    for (let n = 0; n < 1_000; n++) take(there, `wk${n}`);
    await passMinute(clock);
    expect([...here.others.accounts.all()]).toHaveLength(1_000);
  });

  it('has the calls that failed there, and the errors', async () => {
    there.wecom.noteOutcome({ ...CALL, errcode: 95001 });
    there.wecom.answered('call', 45009);
    await passMinute(clock);
    expect([...here.others.calls.all()]).toEqual(there.wecom.failedCalls);
    expect([...here.others.errors.all()]).toEqual(there.wecom.errors);
  });

  it('has nothing that this version does not know', async () => {
    const later = tables.get('there');
    await later?.write('there', clock.nowMs(), ['[["ofLaterVersions",{"id":1}]]']);
    take(there);
    await passMinute(clock);
    expect(takenAtMs(here)).toHaveLength(1);
  });
});
