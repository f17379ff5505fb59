import { Global, Module } from '@nestjs/common';
import { DeliveryLog } from './delivery-log.js';
import { DeliveryRecorder } from './delivery-recorder.js';
import { FigureStore } from './figure-store.js';
import { RecordMetrics } from './record-metrics.js';
import { SeenStore } from './seen-store.js';

/** Its journals come from the storage module, which is global. So is this module, since every feature that delivers uses it. */
@Global()
@Module({
  providers: [DeliveryLog, DeliveryRecorder, FigureStore, RecordMetrics, SeenStore],
  exports: [DeliveryLog, DeliveryRecorder, FigureStore, RecordMetrics, SeenStore],
})
export class RecordModule {}
