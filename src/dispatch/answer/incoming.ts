import type { Destination } from '../../registry/accounts/destination.js';
import type { KfEvent } from '../endpoint/kf-event.js';
import type { Attempt } from '../endpoint/attempt.js';
import type { Arrival } from './seen-events.js';
import type { FailureStage, NotTriedStage } from '../../storage/queue/line.js';

/** An event as it came in. */
export interface Incoming {
  readonly event: KfEvent;
  /** Where it was to go when it came in. `event.raw` was opened with the keys that its puppet had then. */
  readonly destination: Destination;
  readonly arrival: Arrival;
  /** When its callback must be answered, on the clock that never jumps. */
  readonly answerByMs: number;
  /** The `tracestate` that came with `event.traceparent`; it is not kept. */
  readonly tracestate: string | null;
}

export interface Taken {
  readonly taken: true;
  readonly status: number;
  readonly attempts: number;
}

export interface NotTaken {
  readonly taken: false;
  readonly stage: FailureStage | NotTriedStage;
  readonly reason: string;
  /** The status of the answer, at the stage `status`. */
  readonly status?: number | undefined;
  /** How long its bot asked to be left alone; 0 when it did not ask. */
  readonly retryAfterMs: number;
  readonly attempts: number;
  /** Where it was tried, or would have been. */
  readonly destination: Destination;
  /** The attempt that is still under way; `null` when there is none. */
  readonly late: Attempt | null;
}

/** The outcome of the first try. */
export type Tried = Taken | NotTaken;
