import { type Attempt, type AttemptResult, Exchange, type OnEnd } from '../../dispatch/line/attempt.js';
import type { Clock, Timer } from '../../kernel/clock.js';
import type { EventFrame } from '../frames.js';

/** How many events of one account may wait for the one that is under way. */
const WAITING_MAX = 16;
/** Frames have no status of their own. */
const ACKNOWLEDGED = 200;
const LATER = 503;

/** Hands frames to the client. */
export interface FrameSink {
  /** @returns false where the client cannot be handed anything just now; `EventsUnderWay.sent` tells when it was. */
  offer(frame: EventFrame): boolean;
  /** It is not wanted any more. */
  withdraw(frame: EventFrame): void;
}

/** What one client was given and has not acknowledged, one event of each account at a time. */
export class EventsUnderWay {
  readonly #byId = new Map<string, Sent>();
  readonly #byAccount = new Map<string, Sent[]>();
  #isLost = false;

  constructor(
    private readonly sink: FrameSink,
    private readonly clock: Clock,
  ) {}

  /** How many the client has been handed. */
  get size(): number {
    return [...this.#byId.values()].filter(({ isWithClient }) => isWithClient).length;
  }

  /** @param limitMs until the client is handed it, and as long from then on until the acknowledgement is there. */
  start(frame: EventFrame, limitMs: number, onEnd: OnEnd): Attempt {
    if (this.#isLost) return Exchange.failed('connect', LOST, onEnd);
    const waiting = this.#byAccount.get(frame.openKfId) ?? [];
    if (waiting.length > WAITING_MAX)
      return Exchange.failed('saturated', 'too many events of this account wait for the client', onEnd);
    const sent: Sent = new Sent(frame, limitMs, onEnd, () => this.#giveUp(sent));
    this.#limit(sent);
    waiting.push(sent);
    this.#byAccount.set(frame.openKfId, waiting);
    if (waiting[0] === sent) this.#offer(sent);
    return sent;
  }

  /** The client was handed the frame. */
  sent(frame: EventFrame): void {
    const sent = this.#byId.get(frame.id);
    if (sent?.frame === frame) this.#handed(sent);
  }

  /** @returns whether it was under way. */
  ack(id: string): boolean {
    return this.#answered(id, { taken: true, status: ACKNOWLEDGED });
  }

  /**
   * @param retryAfterMs `null` refuses the event itself; a time says that the client can take nothing just now.
   * @returns whether it was under way.
   */
  nack(id: string, retryAfterMs: number | null): boolean {
    const refusal = { taken: false, stage: 'status', reason: 'the client did not take it' } as const;
    const later = 'the client could not take it now';
    return this.#answered(
      id,
      retryAfterMs === null ? refusal : { ...refusal, reason: later, status: LATER, retryAfterMs },
    );
  }

  /** The connection is gone. */
  lost(): void {
    this.#isLost = true;
    for (const sent of [...this.#byAccount.values()].flat()) {
      const { isWithClient } = sent;
      this.#end(sent, { taken: false, stage: isWithClient ? 'reset' : 'connect', reason: LOST });
    }
  }

  #answered(id: string, result: AttemptResult): boolean {
    const sent = this.#byId.get(id);
    if (sent === undefined || !sent.isWithClient) return false;
    this.#end(sent, result);
    return true;
  }

  #offer(sent: Sent): void {
    this.#byId.set(sent.frame.id, sent);
    if (this.sink.offer(sent.frame)) this.#handed(sent);
  }

  #handed(sent: Sent): void {
    sent.isWithClient = true;
    this.#limit(sent);
  }

  #limit(sent: Sent): void {
    sent.deadline?.cancel();
    sent.deadline = this.clock.after(sent.limitMs, () => this.#late(sent));
  }

  #late(sent: Sent): void {
    const within = `within ${sent.limitMs / 1_000} s`;
    const isSent = sent.isWithClient;
    if (!isSent) this.sink.withdraw(sent.frame);
    const reason = isSent ? `no ack ${within}` : `the client asked for nothing ${within}`;
    this.#end(sent, { taken: false, stage: isSent ? 'timeout' : 'withdrawn', reason });
  }

  #giveUp(sent: Sent): boolean {
    if (sent.isWithClient) return false;
    this.sink.withdraw(sent.frame);
    this.#end(sent, {
      taken: false,
      stage: 'withdrawn',
      reason: 'the client had another event of this account',
    });
    return true;
  }

  #end(sent: Sent, result: AttemptResult): void {
    if (sent.isEnded) return;
    sent.deadline?.cancel();
    const { openKfId, id } = sent.frame;
    if (this.#byId.get(id) === sent) this.#byId.delete(id);
    const waiting = this.#byAccount.get(openKfId) ?? [];
    const wasFirst = waiting[0] === sent;
    waiting.splice(waiting.indexOf(sent), 1);
    const [next] = waiting;
    if (next === undefined) this.#byAccount.delete(openKfId);
    else if (wasFirst && !this.#isLost) this.#offer(next);
    sent.end(result);
  }
}

const LOST = 'the connection of the client was lost';

class Sent implements Attempt {
  readonly result: Promise<AttemptResult>;
  deadline: Timer | null = null;
  isWithClient = false;
  isEnded = false;
  #resolve!: (result: AttemptResult) => void;

  constructor(
    readonly frame: EventFrame,
    readonly limitMs: number,
    private readonly onEnd: OnEnd,
    readonly withdraw: () => boolean,
  ) {
    this.result = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  end(result: AttemptResult): void {
    this.isEnded = true;
    this.onEnd(result);
    this.#resolve(result);
  }
}
