import { beforeEach, describe, expect, it } from '@jest/globals';
import { kfParcel } from '../../../test/support/delivery.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { destinationOf, registeredPuppet } from '../../../test/support/puppets.js';
import { noRecorder } from '../../../test/support/recorder.js';
import type { Puppet } from '../../storage/puppets/puppet.js';
import type { AttemptResult } from './attempt.js';
import { Deliveries, type Delivery } from './deliveries.js';
import { NO_ATTEMPTS, summaryOf } from './recent-attempts.js';
import { DispatchMetrics } from './dispatch-metrics.js';
import { Metrics } from '../../metrics/metrics.js';
import { WecomMetrics } from '../../wecom/outcomes/wecom-metrics.js';

const TAKEN: AttemptResult = { taken: true, status: 204 };
const REFUSED: AttemptResult = {
  taken: false,
  stage: 'status',
  reason: 'the answer was 500',
  status: 500,
};

let clock: ManualClock;
let deliveries: Deliveries;

beforeEach(() => {
  clock = new ManualClock();
  deliveries = new Deliveries(
    new DispatchMetrics(new Metrics()),
    noRecorder(clock),
    new WecomMetrics(new Metrics(), clock),
    clock,
  );
});

function end(result: AttemptResult = TAKEN, fields: Partial<Puppet> = {}): void {
  deliveries.ended(destinationOf(registeredPuppet(fields)), kfParcel(), 'inline', result, 12.5);
}

describe('what listeners are told', () => {
  let told: Delivery[];

  beforeEach(() => {
    told = [];
    deliveries.listen((delivery) => told.push(delivery));
  });

  it('is each delivery, with its number', () => {
    end();
    const raw = { msgSignature: 's', timestamp: '1', nonce: 'n', body: Buffer.from('x') };
    deliveries.ended(destinationOf(registeredPuppet()), kfParcel({ raw }, 3), 'probe', REFUSED, 7);
    const [first, latest] = told;
    expect(first).toMatchObject({ number: 1, atMs: clock.nowMs(), isRaw: false, eventId: 'event-1' });
    expect(latest).toMatchObject({ number: 2, occasion: 'probe', attempt: 3, isRaw: true, result: REFUSED });
  });

  it('has no event, which may be large', () => {
    const raw = { msgSignature: 's', timestamp: '1', nonce: 'n', body: Buffer.alloc(100_000) };
    deliveries.ended(destinationOf(registeredPuppet()), kfParcel({ raw }), 'inline', TAKEN, 1);
    const held = Object.values(told[0] ?? {});
    expect(held.some((value) => value instanceof Buffer || value === raw)).toBe(false);
  });

  it('has no registration, which may have been replaced, and nothing of its secrets', () => {
    const puppet = registeredPuppet();
    end(REFUSED);
    const [delivery] = told;
    expect(delivery).toMatchObject({ corpId: puppet.corpId, openKfId: puppet.openKfId });
    expect(
      Object.values(delivery ?? {}).filter((value) => value !== null && typeof value === 'object'),
    ).toEqual([REFUSED]);
  });
});

it('nothing is made for what nobody has sent to', () => {
  const lasts = ['wk1', 'wk2'].map((openKfId) => deliveries.lastOf({ openKfId, corpId: 'ww1' }));
  expect(lasts[0]).toBe(lasts[1]);
  expect(lasts[0]).toEqual({ taken: null, failure: null, lastHour: NO_ATTEMPTS });
  expect(deliveries.ofEndpoint('http://one')).toBe(deliveries.ofEndpoint('http://two'));
  expect(deliveries.ofBot('one').lastHour).toBe(deliveries.ofBot('two').lastHour);
});

describe('an account', () => {
  it('has its last delivery and its last failure', () => {
    end(REFUSED);
    const failedAtMs = clock.nowMs();
    void clock.advance(5);
    end(TAKEN);
    const { lastHour, ...last } = deliveries.lastOf(registeredPuppet());
    expect(last).toEqual({
      taken: { atMs: clock.nowMs(), status: 204, durationMs: 12.5, occasion: 'inline' },
      failure: { atMs: failedAtMs, stage: 'status', reason: 'the answer was 500', status: 500 },
    });
    expect(summaryOf(lastHour)).toEqual({ attempts: 2, taken: 1, p50Ms: 15, p95Ms: 19.5 });
  });

  it('has taken nothing where its messages were pulled alone, and has why they could not be', () => {
    const to = { ...destinationOf(registeredPuppet()), isPulled: true };
    deliveries.ended(to, kfParcel(), 'inline', TAKEN, 12.5);
    expect(deliveries.lastOf(registeredPuppet())).toEqual({
      taken: null,
      failure: null,
      lastHour: NO_ATTEMPTS,
    });
    expect(deliveries.takenOf(registeredPuppet())).toEqual({ eventTakenAtMs: 0 });
    deliveries.ended(
      to,
      kfParcel({}, 2),
      'due',
      { taken: false, stage: 'pull', reason: 'errcode 48002' },
      12.5,
    );
    const { failure, lastHour } = deliveries.lastOf(registeredPuppet());
    expect([failure?.stage, lastHour]).toEqual(['pull', NO_ATTEMPTS]);
  });

  it('was asked when it was given what it took: its reply may be there before it has taken that', () => {
    end();
    expect(deliveries.takenOf(registeredPuppet())?.asked).toEqual({
      messages: [],
      events: [Math.floor(clock.nowMs() - 12.5)],
    });
  });

  it('of an agent took what its service was not asked about, and that says nothing of the service', () => {
    end(REFUSED);
    const failedAtMs = clock.nowMs();
    void clock.advance(1_000);
    end({ taken: true, status: 200, isUnasked: true });
    const { openKfId, corpId } = registeredPuppet();
    expect(deliveries.lastOf({ openKfId, corpId })).toMatchObject({
      taken: null,
      failure: { atMs: failedAtMs },
    });
    expect(deliveries.takenOf({ openKfId, corpId })).toMatchObject({ eventTakenAtMs: clock.nowMs() });
    expect([...deliveries.seenSince('accounts', clock.nowMs())]).toHaveLength(1);
  });

  it('has none before the first, and none of another corp', () => {
    end();
    const none = { taken: null, failure: null, lastHour: NO_ATTEMPTS };
    expect(deliveries.lastOf({ openKfId: 'wkOther', corpId: 'wwCorp_1' })).toEqual(none);
    expect(deliveries.lastOf({ openKfId: 'wkAccount-1', corpId: 'wwOther' })).toEqual(none);
    end(REFUSED, { corpId: 'wwOther' });
    expect(deliveries.lastOf({ openKfId: 'wkAccount-1', corpId: 'wwOther' })).toMatchObject({ taken: null });
  });

  it('is forgotten when there are 100,000 others', () => {
    for (let n = 0; n <= 100_000; n++) end(TAKEN, { openKfId: `wk${n}` });
    expect(deliveries.lastOf({ openKfId: 'wk0', corpId: 'wwCorp_1' }).taken).toBeNull();
    expect(deliveries.lastOf({ openKfId: 'wk1', corpId: 'wwCorp_1' }).taken).not.toBeNull();
  });

  it('is forgotten with its registration', () => {
    end();
    deliveries.forget('wkAccount-1');
    deliveries.forget('wkNone');
    expect(deliveries.lastOf(registeredPuppet())).toEqual({
      taken: null,
      failure: null,
      lastHour: NO_ATTEMPTS,
    });
    expect(deliveries.lastTakenByCorp()).toEqual(new Map());
  });

  it('is known among those of its corp until then', () => {
    const others = [{ openKfId: 'wk2' }, { openKfId: 'wk3', corpId: 'wwOther' }];
    for (const changes of [{}, ...others]) end(TAKEN, changes);
    expect(deliveries.accountsOf('wwCorp_1')).toEqual(['wkAccount-1', 'wk2']);
    deliveries.forget('wk2');
    expect(deliveries.accountsOf('wwCorp_1')).toEqual(['wkAccount-1']);
  });

  it('says nothing of events by a test of its puppet', async () => {
    const test = () => deliveries.ended(destinationOf(registeredPuppet()), kfParcel(), 'test', TAKEN, 3);
    test();
    expect(deliveries.lastTakenByCorp()).toEqual(new Map());
    end();
    const takenAtMs = clock.nowMs();
    await clock.advance(9);
    test();
    expect(deliveries.lastTakenByCorp()).toEqual(new Map([['wwCorp_1', takenAtMs]]));
    const { taken, lastHour } = deliveries.lastOf(registeredPuppet());
    expect(taken).toMatchObject({ occasion: 'test' });
    expect(summaryOf(lastHour).attempts).toBe(1);
  });

  it('tells with others when its corp had its last', async () => {
    end();
    await clock.advance(9);
    end(TAKEN, { openKfId: 'wk2' });
    await clock.advance(9);
    end(REFUSED);
    end(TAKEN, { openKfId: 'wk3', corpId: 'wwOther' });
    const nowMs = clock.nowMs();
    expect(deliveries.lastTakenByCorp()).toEqual(
      new Map([
        ['wwCorp_1', nowMs - 9],
        ['wwOther', nowMs],
      ]),
    );
  });
});

it('sums up an address with all of its accounts', () => {
  const [one, other] = [registeredPuppet(), registeredPuppet({ openKfId: 'wk2' })];
  end();
  end(REFUSED, { openKfId: 'wk2' });
  expect(summaryOf(deliveries.lastOf(other).lastHour)).toMatchObject({ attempts: 1, taken: 0 });
  const { lastHour, failure } = deliveries.ofEndpoint(one.endpoint);
  expect(summaryOf(lastHour)).toMatchObject({ attempts: 2, taken: 1 });
  expect(failure).toMatchObject({ stage: 'status' });
  expect(deliveries.ofEndpoint('http://127.0.0.9')).toMatchObject({ lastHour: NO_ATTEMPTS, failure: null });
});

it('tells each delivery to who listens, until he does not', () => {
  const heard: Delivery[][] = [[], []];
  const [stop] = heard.map((list) => deliveries.listen((delivery) => list.push(delivery)));
  end();
  stop?.();
  end();
  expect(heard.map((list) => list.map(({ number }) => number))).toEqual([[1], [1, 2]]);
});
