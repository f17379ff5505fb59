import { Global, Module } from '@nestjs/common';
import { DeliveryRecorder } from './delivery-recorder.js';
import { RecordMetrics } from './record-metrics.js';

/** Its log comes from the storage module, which is global. Global itself, since every feature that delivers adds to it. */
@Global()
@Module({
  providers: [DeliveryRecorder, RecordMetrics],
  exports: [DeliveryRecorder, RecordMetrics],
})
export class RecordModule {}
