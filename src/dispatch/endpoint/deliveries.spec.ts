import { beforeEach, describe, expect, it } from '@jest/globals';
import { kfParcel } from '../../../test/support/delivery.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { destinationOf, registeredPuppet } from '../../../test/support/puppets.js';
import { noRecorder } from '../../../test/support/recorder.js';
import type { KnownBot } from '../../registry/bots/known-bots.js';
import type { Puppet } from '../../storage/puppets/puppet.js';
import type { AttemptResult } from './attempt.js';
import { Deliveries, type RecordedAttempt } from './deliveries.js';
import { DispatchMetrics } from './dispatch-metrics.js';
import { Metrics } from '../../metrics/metrics.js';

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
  deliveries = new Deliveries(new DispatchMetrics(new Metrics()), noRecorder(clock), clock);
});

function end(result: AttemptResult = TAKEN, fields: Partial<Puppet> = {}): void {
  deliveries.ended(destinationOf(registeredPuppet(fields)), kfParcel(), 'inline', result, 12.5);
}

describe('what listeners are told', () => {
  let told: RecordedAttempt[];

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

it('counts of each bot how its attempts ended, but no pulls for it', () => {
  const to = { ...destinationOf(registeredPuppet()), bot: { id: 'bot-1' } as KnownBot };
  for (const result of [TAKEN, TAKEN, REFUSED]) deliveries.ended(to, kfParcel(), 'inline', result, 1);
  deliveries.ended({ ...to, isPulled: true }, kfParcel(), 'inline', TAKEN, 1);
  expect([deliveries.ofBot('bot-1'), deliveries.ofBot('bot-2')]).toEqual([
    { taken: 2, not_taken: 1 },
    { taken: 0, not_taken: 0 },
  ]);
});

it('tells each delivery to who listens, until he does not', () => {
  const heard: RecordedAttempt[][] = [[], []];
  const [stop] = heard.map((list) => deliveries.listen((delivery) => list.push(delivery)));
  end();
  stop?.();
  end();
  expect(heard.map((list) => list.map(({ number }) => number))).toEqual([[1], [1, 2]]);
});
