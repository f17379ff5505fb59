import { Module } from '@nestjs/common';
import { TriedEvents } from '../dispatch/endpoint/tried-events.js';
import { WaitingMessages } from '../dispatch/endpoint/waiting-messages.js';
import { DispatchModule } from '../dispatch/dispatch.module.js';
import { DueMessages } from '../dispatch/later/due-messages.js';
import { RegistryModule } from '../registry/registry.module.js';
import { QueuedMessages } from '../wecom/proxy/queued-messages.js';
import { CallsModule } from '../wecom/calls/calls.module.js';
import { Coverage } from './pulling/coverage.js';
import { MessageContents } from '../queue/message-contents.js';
import { MessageLog } from './sending/message-log.js';
import { MessageMetrics } from './sending/message-metrics.js';
import { MessageOperations } from './message-operations.js';
import { MessageQueue } from '../queue/message-queue.js';
import { MessageWakes } from './message-wakes.js';
import { MessageLoop } from './message-loop.js';
import { MessageRounds } from './message-rounds.js';
import { PullNotes } from './pull-notes.js';
import { PulledMessages } from './queue/pulled-messages.js';
import { OwnPulls } from './own-pulls.js';
import { CatchUp } from './pulling/catch-up.js';
import { EventlessPulls } from './pulling/eventless-pulls.js';
import { Patrol } from './pulling/patrol.js';
import { UntoldMessages } from './pulling/untold-messages.js';
import { WatchedAccounts } from './pulling/watched-accounts.js';
import { Puller } from './pulling/puller.js';
import { PageKeeper } from './pulling/page-keeper.js';
import { PullRun } from './pulling/pull-run.js';
import { Pulls } from './queue/pulls.js';
import { QueuedAnswers } from './queued-answers.js';
import { CallbackHalves } from './sending/callback-halves.js';
import { CustomerLanes } from './sending/customer-lanes.js';
import { EarlierCursors } from './sending/earlier-cursors.js';
import { LaneSender } from './sending/lane-sender.js';
import { MessageTurns } from './sending/message-turns.js';
import { HandOver } from './sending/hand-over.js';
import { LongWaits } from './sending/long-waits.js';
import { MessageAttempts } from './sending/message-attempts.js';
import { MessageOutcomes } from './sending/message-outcomes.js';
import { MessageSender } from './sending/message-sender.js';
import { Recipients } from './sending/recipients.js';

/** Its queue store comes from the storage module, which is global. */
@Module({
  imports: [DispatchModule, RegistryModule, CallsModule],
  providers: [
    CallbackHalves,
    CatchUp,
    Coverage,
    CustomerLanes,
    EventlessPulls,
    EarlierCursors,
    HandOver,
    LaneSender,
    MessageTurns,
    LongWaits,
    MessageAttempts,
    MessageContents,
    MessageLog,
    MessageLoop,
    MessageMetrics,
    MessageOperations,
    MessageOutcomes,
    MessageRounds,
    MessageSender,
    MessageQueue,
    MessageWakes,
    OwnPulls,
    Patrol,
    PulledMessages,
    Puller,
    PageKeeper,
    PullRun,
    Pulls,
    Recipients,
    UntoldMessages,
    WatchedAccounts,
    { provide: DueMessages, useExisting: MessageLoop },
    { provide: TriedEvents, useClass: PullNotes },
    { provide: QueuedMessages, useClass: QueuedAnswers },
    { provide: WaitingMessages, useExisting: MessageWakes },
  ],
  exports: [
    DueMessages,
    MessageOperations,
    MessageQueue,
    Puller,
    QueuedMessages,
    TriedEvents,
    WaitingMessages,
  ],
})
export class MessagesModule {}
