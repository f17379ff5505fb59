import { Injectable } from '@nestjs/common';
import { Clock } from '../../kernel/clock.js';
import { StoreClock } from '../../kernel/store-clock.js';

/** The one process on the store agrees with itself. */
@Injectable()
export class SqliteStoreClock extends StoreClock {
  constructor(private readonly clock: Clock) {
    super();
  }

  override nowMs(): number {
    return this.clock.nowMs();
  }
}
