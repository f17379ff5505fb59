import { Injectable } from '@nestjs/common';
import { CALLBACK_OUTCOMES, type CallbackOutcome } from './callback-log.js';

/** How many callbacks ended in which way since the start. */
@Injectable()
export class CallbackCounts {
  readonly #counts = Object.fromEntries(CALLBACK_OUTCOMES.map((outcome) => [outcome, 0])) as Record<
    CallbackOutcome,
    number
  >;

  add(outcome: CallbackOutcome): void {
    this.#counts[outcome]++;
  }

  toJSON(): Readonly<Record<CallbackOutcome, number>> {
    return { ...this.#counts };
  }
}
