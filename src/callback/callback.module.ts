import { Module } from '@nestjs/common';
import { CryptoModule } from '../crypto/crypto.module.js';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { RegistryModule } from '../registry/registry.module.js';
import { CallbackController } from './callback.controller.js';
import { CallbackOpener } from './callback-opener.js';
import { CallbackVerification } from './callback-verification.js';
import { CallbackService } from './callback.service.js';
import { CallbackMetrics } from './callback-metrics.js';
import { CallbackRecords } from './callback-records.js';
import { OverloadRefusals } from './overload-refusals.js';
import { CorpTime } from './corp-time.js';
import { SkewLimit } from './skew-limit.js';

@Module({
  imports: [CryptoModule, RegistryModule, DispatchModule],
  controllers: [CallbackController],
  providers: [
    CallbackOpener,
    CallbackService,
    CallbackVerification,
    CallbackMetrics,
    CallbackRecords,
    CorpTime,
    OverloadRefusals,
    SkewLimit,
  ],
  exports: [CallbackMetrics, CallbackVerification],
})
export class CallbackModule {}
