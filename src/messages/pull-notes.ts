import { Injectable } from '@nestjs/common';
import type { RecordedAttempt } from '../dispatch/endpoint/deliveries.js';
import { TriedEvents } from '../dispatch/endpoint/tried-events.js';
import { OwnPulls } from './own-pulls.js';
import { CatchUp } from './pulling/catch-up.js';
import { Coverage } from './pulling/coverage.js';
import { Patrol } from './pulling/patrol.js';

/** Notes what an attempt at an event says about the pulls of its account: those of the manager, or those of its bot. */
@Injectable()
export class PullNotes extends TriedEvents {
  constructor(
    private readonly catchUp: CatchUp,
    private readonly patrol: Patrol,
    private readonly coverage: Coverage,
    private readonly ownPulls: OwnPulls,
  ) {
    super();
  }

  override ended(delivery: RecordedAttempt): void {
    const { isPulled, result, occasion } = delivery;
    const isTest = occasion === 'test';
    if (isPulled && result.taken) {
      this.catchUp.pulled(delivery);
      if (!isTest) this.patrol.pulled(delivery);
    }
    // What a pull of the manager brings is not taken yet: its messages are known by their ids.
    if (isPulled || isTest) return;
    this.coverage.told(delivery);
    this.ownPulls.told(delivery);
  }
}
