import { pino } from 'pino';
import type { Clock } from '../../src/kernel/clock.js';
import { StoreClock } from '../../src/kernel/store-clock.js';
import { Metrics } from '../../src/metrics/metrics.js';
import { DeliveryRecorder } from '../../src/log/delivery-recorder.js';
import { LogMetrics } from '../../src/log/log-metrics.js';
import { Past } from '../../src/log/past.js';
import { SignRecorder } from '../../src/log/sign-recorder.js';
import type { RecordStore } from '../../src/storage/records/records.js';
import { MemoryDeliveryLog } from './memory-journals.js';

/** @param deliveryLog left out where nobody reads it. */
export function openRecorder(
  clock: Clock & StoreClock,
  deliveryLog = new MemoryDeliveryLog(),
  past = new Past(clock),
): DeliveryRecorder {
  const metrics = new LogMetrics(new Metrics(), deliveryLog);
  const log = pino({ level: 'silent' });
  const alone = { isShared: false } as RecordStore;
  const signs = new SignRecorder(past, deliveryLog, alone, clock, clock, log);
  return new DeliveryRecorder(deliveryLog, past, metrics, clock, clock, log, signs);
}

/** One without a log. @param past left out where nobody reads it. */
export function noRecorder(clock: Clock & StoreClock, past?: Past): DeliveryRecorder {
  return openRecorder(clock, new MemoryDeliveryLog(undefined, 0), past);
}
