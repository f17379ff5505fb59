import { beforeEach, describe, expect, it } from '@jest/globals';
import { kfParcel } from '../../../test/support/delivery.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { destinationOf, registeredPuppet } from '../../../test/support/puppets.js';
import {
  passMinute,
  type SeeingReplica,
  seeingReplica,
  type SeenTables,
} from '../../../test/support/seen.js';
import type { SeenAttempts } from '../../dispatch/endpoint/deliveries.js';
import { SEEN_KEPT_MS } from '../../record/seen-store.js';

const MINUTE_MS = 60_000;
const PUPPET = registeredPuppet({ openKfId: 'wk1' });
const CALL = {
  ...({ operation: 'call', botId: null, isAsked: true, fault: null } as const),
  ...{ corpId: 'ww1', api: 'kf/send_msg', openKfId: 'wk1' },
};

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
  deliveries.ended(destinationOf({ ...PUPPET, openKfId }), kfParcel(), 'inline', result, 5);
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

  it('is not known any more to a replica that starts later, where its replica has ended before', async () => {
    take(there);
    await there.others.beforeApplicationShutdown();
    await passMinute(clock);
    expect(takenAtMs(here)).toHaveLength(1);
    here.histories.forget('wk1');
    for (let minute = 0; minute < 3; minute++) await passMinute(clock);
    const later = startReplica('later');
    await passMinute(clock);
    expect([takenAtMs(here), takenAtMs(later)]).toEqual([[], []]);
  });

  it('is not what a caller made up whose access token nobody knows', async () => {
    there.wecom.noteOutcome({ ...CALL, openKfId: 'wkMadeUp', corpId: null, errcode: 40014 });
    there.wecom.noteOutcome({ ...CALL, errcode: 95001 });
    await passMinute(clock);
    expect([...here.others.replies.all()].map(({ openKfId }) => openKfId)).toEqual(['wk1']);
  });

  it('is bounded: what was seen longest ago goes first', async () => {
    const { addresses } = here.others;
    const attempts = { id: '', corpId: 'ww1' } as SeenAttempts;
    for (let n = 0; n <= 100_000; n++) addresses.put('there', 1, { ...attempts, id: `a${n}` });
    expect([addresses.of('a0'), addresses.of('a1').length, [...addresses.all()].length]).toEqual([
      [],
      1,
      100_000,
    ]);
  });

  it('is the rest where an entry is damaged', async () => {
    const damaged = tables.get('there');
    await damaged?.write('there', clock.nowMs() - MINUTE_MS, [
      '[["accounts",',
      'null',
      '[null,["accounts",null]]',
    ]);
    take(there);
    await passMinute(clock);
    expect(takenAtMs(here)).toHaveLength(1);
  });

  it('has nothing that this version does not know', async () => {
    const later = tables.get('there');
    await later?.write('there', clock.nowMs(), ['[["ofLaterVersions",{"id":1}]]']);
    take(there);
    await passMinute(clock);
    expect(takenAtMs(here)).toHaveLength(1);
  });
});
