import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { StoreClock } from '../../kernel/store-clock.js';

/** Only one process is on the store, so its own clock is store time. */
@Injectable()
export class SqliteStoreClock extends StoreClock {
  constructor(private readonly clock: Clock) {
    super();
  }

  override nowMs(): number {
    return this.clock.nowMs();
  }
}
