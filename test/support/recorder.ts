import { pino } from 'pino';
import type { Clock } from '../../src/kernel/clock.js';
import { StoreClock } from '../../src/kernel/store-clock.js';
import { Metrics } from '../../src/metrics/metrics.js';
import { DeliveryRecorder } from '../../src/record/delivery-recorder.js';
import { RecordMetrics } from '../../src/record/record-metrics.js';
import { MemoryDeliveryLog } from './memory-journals.js';

/** @param deliveryLog left out where nobody reads it. */
export function openRecorder(
  clock: Clock & StoreClock,
  deliveryLog = new MemoryDeliveryLog(),
  deliveryLogDays = 3,
): DeliveryRecorder {
  const metrics = new RecordMetrics(new Metrics(), deliveryLog);
  return new DeliveryRecorder(deliveryLog, metrics, clock, clock, pino({ level: 'silent' }), {
    deliveryLogDays,
    deliveryLogBytesMax: Infinity,
  });
}

/** One without a log. */
export function noRecorder(clock: Clock & StoreClock): DeliveryRecorder {
  return openRecorder(clock, undefined, 0);
}
