import { expect, it } from '@jest/globals';
import { kfEvent } from '../../../test/support/delivery.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { MemoryDeliveryLog } from '../../../test/support/memory-journals.js';
import { destinationOf, registeredPuppet } from '../../../test/support/puppets.js';
import { openRecorder } from '../../../test/support/recorder.js';
import { Metrics } from '../../metrics/metrics.js';
import { DispatchMetrics } from './dispatch-metrics.js';
import type { AttemptResult } from './attempt.js';
import { toParcel } from './parcel.js';
import { Deliveries } from './deliveries.js';
import type { DeliveryOccasion } from '../../queue/failure.js';

async function recordOf(result: AttemptResult, endpoint?: string, occasion: DeliveryOccasion = 'due') {
  const clock = new ManualClock();
  const deliveryLog = new MemoryDeliveryLog();
  const recorder = openRecorder(clock, deliveryLog);
  const deliveries = new Deliveries(new DispatchMetrics(new Metrics()), recorder, clock);
  const to = destinationOf(registeredPuppet(endpoint === undefined ? {} : { endpoint }));
  const event = kfEvent({ syncToken: 'ENC-secret' });
  deliveries.ended(to, toParcel(event, 2), occasion, result, 12.5);
  await recorder.onApplicationShutdown();
  const [record] = deliveryLog.table;
  return record;
}

it('an attempt is in the log, with what the bot answered', async () => {
  expect(await recordOf({ taken: true, status: 204 })).toMatchObject({
    ...{ kind: 'attempt', corpId: 'wwCorp_1', openKfId: 'wkAccount-1', webhookId: 'event-1' },
    ...{ outcome: 'taken', form: 'decrypted', occasion: 'due', attempt: 2, status: 204 },
    ...{ stage: null, reason: null, durationMs: 12.5 },
  });
});

it('one that failed, with the reason', async () => {
  const failure = { stage: 'connect', reason: 'no connection (ECONNREFUSED)' } as const;
  const record = await recordOf({ taken: false, ...failure });
  expect(record).toMatchObject({ ...failure, outcome: 'not_taken', status: null });
});

it('one of a message as such', async () => {
  const record = await recordOf({ taken: true, status: 200 }, undefined, 'message');
  expect(record).toMatchObject({ form: 'message', occasion: 'message' });
});

it('and nothing that is secret: no sync token, no query of its URL', async () => {
  const record = await recordOf({ taken: true, status: 200 }, 'http://bot.example.com/hook?key=secret');
  expect(JSON.stringify(record)).not.toContain('secret');
});
