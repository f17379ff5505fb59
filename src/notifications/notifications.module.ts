import { Module } from '@nestjs/common';
import { InsightModule } from '../insight/insight.module.js';
import { BookKeeper } from './book-keeper.js';
import { NotificationClient } from './notification-client.js';
import { NotificationMetrics } from './notification-metrics.js';
import { NotificationRounds } from './notification-rounds.js';
import { Notifier } from './notifier.js';
import { Receivers } from './receivers.js';
import { TestMessages } from './test-messages.js';

/** `RecordStore` comes from the storage module, and `RareCalls` from the HTTP module. Both modules are global. */
@Module({
  imports: [InsightModule],
  providers: [
    BookKeeper,
    NotificationClient,
    NotificationMetrics,
    NotificationRounds,
    Notifier,
    Receivers,
    TestMessages,
  ],
  exports: [BookKeeper, Receivers, TestMessages],
})
export class NotificationsModule {}
