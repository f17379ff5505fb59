import { Module } from '@nestjs/common';
import { CryptoModule } from '../crypto/crypto.module.js';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { RegistryModule } from '../registry/registry.module.js';
import { Admission } from './admission.js';
import { CallbackController } from './callback.controller.js';
import { CallbackOpener } from './callback-opener.js';
import { CallbackService } from './callback.service.js';
import { CallbackMetrics } from './callback-metrics.js';
import { CallbackRecords } from './callback-records.js';
import { UrlVerification } from './url-verification.js';
import { CorpTime } from './corp-time.js';

@Module({
  imports: [CryptoModule, RegistryModule, DispatchModule],
  controllers: [CallbackController],
  providers: [
    Admission,
    CallbackOpener,
    CallbackService,
    CallbackMetrics,
    CallbackRecords,
    CorpTime,
    UrlVerification,
  ],
  exports: [CallbackMetrics, CallbackOpener],
})
export class CallbackModule {}
