import { Inject, Injectable } from '@nestjs/common';
import { LOG, type Log } from '../kernel/log.js';
import { MessageWakes } from './message-wakes.js';
import { CatchUp } from './pulling/catch-up.js';
import { Patrol } from './pulling/patrol.js';
import { LongWaits } from './sending/long-waits.js';
import { MessageOutcomes } from './sending/message-outcomes.js';

/** Finds what nothing woke, gives up messages that nobody took for 3 days, and catches up accounts that got a bot. */
@Injectable()
export class MessageRounds {
  constructor(
    private readonly wakes: MessageWakes,
    private readonly waits: LongWaits,
    private readonly catchUp: CatchUp,
    private readonly patrol: Patrol,
    private readonly outcomes: MessageOutcomes,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** Never rejects. */
  async lookAtAll(): Promise<void> {
    this.patrol.start();
    try {
      await this.wakes.wakeMoved();
      await this.waits.findAll();
      await this.catchUp.lookAtAll();
      await this.outcomes.clearUp();
    } catch (err) {
      this.log.debug({ err }, 'message.patrol_failed');
    }
  }
}
