import { pino } from 'pino';
import type { Clock } from '../../src/kernel/clock.js';
import { StoreClock } from '../../src/kernel/store-clock.js';
import { Metrics } from '../../src/metrics/metrics.js';
import { DeliveryRecorder } from '../../src/log/delivery-recorder.js';
import { LogMetrics } from '../../src/log/log-metrics.js';
import { Past } from '../../src/log/past.js';
import { MemoryDeliveryLog } from './memory-journals.js';

/** @param deliveryLog left out where nobody reads it. */
export function openRecorder(
  clock: Clock & StoreClock,
  deliveryLog = new MemoryDeliveryLog(),
  deliveryLogDays = 3,
  past = new Past(clock),
): DeliveryRecorder {
  const metrics = new LogMetrics(new Metrics(), deliveryLog);
  return new DeliveryRecorder(deliveryLog, past, metrics, clock, clock, pino({ level: 'silent' }), {
    deliveryLogDays,
    deliveryLogBytesMax: Infinity,
  });
}

/** One without a log. @param past left out where nobody reads it. */
export function noRecorder(clock: Clock & StoreClock, past?: Past): DeliveryRecorder {
  return openRecorder(clock, undefined, 0, past);
}
