import { beforeEach, describe, expect, it } from '@jest/globals';
import { kfParcel } from '../../test/support/delivery.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { noRecorder } from '../../test/support/recorder.js';
import { DispatchMetrics } from '../dispatch/endpoint/dispatch-metrics.js';
import type { AttemptResult } from '../dispatch/endpoint/attempt.js';
import { Deliveries } from '../dispatch/endpoint/deliveries.js';
import { Metrics } from '../metrics/metrics.js';
import type { Destination, Destinations } from '../registry/accounts/destination.js';
import type { Coverage } from './pulling/coverage.js';
import type { Pulls } from './queue/pulls.js';
import { OwnPulls } from './own-pulls.js';

const ACCOUNT = { corpId: 'wwCorp_1', openKfId: 'wkAccount-1' };
const BOT = 'bot-1';
const TO = { ...ACCOUNT, address: 'http://bot', bot: { id: BOT }, isPulled: false } as Destination;
const TAKEN: AttemptResult = { taken: true, status: 200 };
const REFUSED: AttemptResult = { taken: false, stage: 'status', reason: 'the answer was 500', status: 500 };
const NOBODY: AttemptResult = { taken: false, stage: 'connect', reason: 'refused' };

let clock: ManualClock;
let deliveries: Deliveries;
/** The cursors that count, in the order in which they did. */
let counted: string[];
let takenBack: string[];
let takerId: string;
let ownPulls: OwnPulls;

beforeEach(() => {
  clock = new ManualClock(1_000_000);
  deliveries = new Deliveries(new DispatchMetrics(new Metrics()), noRecorder(clock), clock);
  [counted, takenBack, takerId] = [[], [], BOT];
  const coverage = {
    moved: (_account, { from, cursor }) => void counted.push(`${from}-${cursor}`),
    unread: (_account, { cursor }) => void takenBack.push(cursor),
    whenWritten: async () => {},
  } as Partial<Coverage> as Coverage;
  const store = { findCursor: async () => 'stored' } as Partial<Pulls> as Pulls;
  const destinations = {
    find: () => ({ bot: { id: takerId }, puppet: null, isPulled: false }),
  } as unknown as Destinations;
  ownPulls = new OwnPulls(store, coverage, deliveries, destinations);
});

/** Begins an attempt. @returns what ends it. */
function tell(): (result: AttemptResult) => void {
  const beganMs = clock.nowMs();
  deliveries.began(TO, 'inline');
  return (result) =>
    ownPulls.told(deliveries.ended(TO, kfParcel(ACCOUNT), 'inline', result, clock.nowMs() - beganMs));
}

async function pull(from: string, cursor: string) {
  await clock.advance(10);
  const own = { appId: 'app-1', takerId: BOT, beganAtMs: clock.nowMs(), from, cursor, isAll: true };
  await clock.advance(10);
  ownPulls.sent(ACCOUNT, own);
  return own;
}

const find = () => ownPulls.findCursor(ACCOUNT, 'app-1');

describe('a pull of a program', () => {
  it('counts at once while it is told of nothing', async () => {
    await pull('c1', 'c2');
    expect([counted, await find()]).toEqual([['c1-c2'], 'stored']);
  });

  it('counts once its event is taken; until then the program goes on from there', async () => {
    const end = tell();
    await pull('c1', 'c2');
    await pull('c2', 'c3');
    expect([counted, await find()]).toEqual([[], 'c3']);
    end(TAKEN);
    expect([counted, await find()]).toEqual([['c1-c3'], 'stored']);
  });

  it('was in vain where its event is refused', async () => {
    const end = tell();
    await pull('c1', 'c2');
    end(REFUSED);
    expect([counted, await find()]).toEqual([[], 'stored']);
  });

  it('counts where the event did not reach the program: another one made it pull', async () => {
    const end = tell();
    await pull('c1', 'c2');
    end(NOBODY);
    expect(counted).toEqual(['c1-c2']);
  });

  it('counts with its own event, and not with one that the program was told of afterwards', async () => {
    const end = tell();
    await pull('c1', 'c2');
    await clock.advance(10);
    tell()(TAKEN);
    expect(counted).toEqual([]);
    end(TAKEN);
    expect(counted).toEqual(['c1-c2']);
  });

  it('counts at once where it has to begin anew, since WeCom knows its cursor no more', async () => {
    const end = tell();
    await pull('c1', 'c2');
    await pull('', '');
    expect([counted, await find()]).toEqual([['-'], 'stored']);
    end(REFUSED);
    expect(counted).toEqual(['-']);
  });

  it('counts for nothing once another bot has the account', async () => {
    const end = tell();
    await pull('c1', 'c2');
    takerId = 'bot-2';
    end(TAKEN);
    await pull('c2', 'c3');
    expect(counted).toEqual([]);
  });

  it('was in vain where its answer was not read', async () => {
    const end = tell();
    ownPulls.unread(ACCOUNT, await pull('c1', 'c2'));
    end(TAKEN);
    expect([counted, takenBack, await find()]).toEqual([[], [], 'stored']);
    ownPulls.unread(ACCOUNT, await pull('c1', 'c2'));
    expect([counted, takenBack]).toEqual([['c1-c2'], ['c2']]);
  });
});
