import { Injectable } from '@nestjs/common';
import type { Destination } from '../../registry/accounts/destination.js';
import type { KfEvent } from '../endpoint/kf-event.js';
import { HintKeeper } from '../outbox/hint-keeper.js';
import { FirstTry } from './first-try.js';
import { KeepingRace } from './keeping-race.js';
import { Overload } from './overload.js';
import { SeenEvents } from './seen-events.js';
import type { FailureStage, NotTriedStage } from '../../storage/queue/line.js';

/** How long an answer waits for anything: WeCom gives up after 5 s. */
const ANSWER_LIMIT_MS = 2_800;

export type Dispatched =
  | { readonly delivery: 'delivered'; readonly status: number; readonly attempts: number }
  | {
      readonly delivery: 'pending';
      readonly attempts: number;
      readonly stage: FailureStage | NotTriedStage;
    };

/** Promises an answer for each event: its puppet has taken it, or the outbox keeps it. */
@Injectable()
export class Dispatcher {
  constructor(
    private readonly firstTry: FirstTry,
    private readonly race: KeepingRace,
    private readonly keeper: HintKeeper,
    private readonly seen: SeenEvents,
    private readonly overload: Overload,
  ) {}

  /**
   * Returns once the puppet has taken the event or it is durably kept, within 2.8 s of `startedMs`.
   * @param destination as it is now.
   * @param startedMs when its callback came in, on the clock that never jumps.
   * @param tracestate of the event's trace.
   * @throws AppError `DISPATCH_NOT_TAKEN`, `OUTBOX_FULL`: neither; the puppet may still take it then.
   */
  async dispatch(
    event: KfEvent,
    destination: Destination,
    startedMs: number,
    tracestate: string | null = null,
  ): Promise<Dispatched> {
    const arrival = this.seen.note(event.id);
    const answerByMs = startedMs + ANSWER_LIMIT_MS;
    const incoming = { event, destination, arrival, answerByMs, tracestate };
    this.overload.eventBegan();
    try {
      const tried = await this.firstTry.make(incoming);
      const { attempts } = tried;
      if (tried.taken) {
        this.keeper.taken(event, destination.getsEach);
        return { delivery: 'delivered', status: tried.status, attempts };
      }
      const outcome = await this.race.run(incoming, tried);
      if ('status' in outcome) return { delivery: 'delivered', status: outcome.status, attempts };
      return { delivery: 'pending', stage: outcome.keptAt, attempts };
    } finally {
      this.overload.eventEnded();
    }
  }
}
