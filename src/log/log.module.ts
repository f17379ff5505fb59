import { Global, Module } from '@nestjs/common';
import { SyncTokens } from '../registry/bots/sync-tokens.js';
import { AccountHistories } from '../registry/puppets/account-history.js';
import { RegistryModule } from '../registry/registry.module.js';
import { DeliveryHistory } from './delivery-history.js';
import { DeliveryLog } from './delivery-log.js';
import { DeliveryRecorder } from './delivery-recorder.js';
import { FigureStore } from './figure-store.js';
import { LogFollower } from './follow.js';
import { LogMetrics } from './log-metrics.js';
import { Past } from './past.js';
import { RefusedCallbacks } from './refused-callbacks.js';
import { SignRecorder } from './sign-recorder.js';

const FOR_OTHERS = [
  DeliveryHistory,
  DeliveryLog,
  DeliveryRecorder,
  FigureStore,
  LogFollower,
  LogMetrics,
  Past,
  RefusedCallbacks,
  SignRecorder,
];

/** Its journals come from the storage module, which is global. So is this module, since every feature that delivers uses it. */
@Global()
@Module({ imports: [RegistryModule], providers: FOR_OTHERS, exports: FOR_OTHERS })
export class LogModule {
  constructor(histories: AccountHistories, signs: SignRecorder, syncTokens: SyncTokens) {
    histories.add(signs);
    syncTokens.whenSeen((token) => signs.noteToken(token));
  }
}
