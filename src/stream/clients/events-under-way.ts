import {
  type Attempt,
  type AttemptResult,
  failedAttempt,
  HALVES_MS,
  type OnEnd,
} from '../../dispatch/endpoint/attempt.js';
import type { Clock, Timer } from '../../kernel/clock.js';
import type { EventFrame } from '../protocol/frames.js';

/** How many events of one account may wait while another one of it is under way. */
const WAITING_MAX = 16;
/** Stand for the HTTP status of an answer, which frames do not have. */
const ACKNOWLEDGED = 200;
const LATER = 503;

/** Hands frames to the client. */
export interface FrameSink {
  /** @returns the bytes of the frame; 0 when it was not sent, since too many bytes wait for clients. */
  offer(frame: EventFrame): number;
}

/** The events that one client was sent and has not acknowledged. It is sent one event of an account at a time. */
export class EventsUnderWay {
  readonly #byId = new Map<string, Sent>();
  readonly #byAccount = new Map<string, Sent[]>();
  /** The bytes of the longest message that the client neither acknowledged in time nor refused. */
  #longestLate = 0;
  #isLost = false;

  constructor(
    private readonly sink: FrameSink,
    private readonly clock: Clock,
  ) {}

  /** How many events the client was sent and has not acknowledged. */
  get size(): number {
    return this.#byId.size;
  }

  /**
   * @param limitMs counts twice: until the frame is sent, and then again until it is acknowledged.
   * @param hasPulled see `MessageBody.hasPulled`; `null` when the bot does not have to pull a message.
   */
  start(
    frame: EventFrame,
    limitMs: number,
    onEnd: OnEnd,
    hasPulled: (() => Promise<boolean>) | null = null,
  ): Attempt {
    if (this.#isLost) return failedAttempt('connect', LOST, onEnd);
    const waiting = this.#byAccount.get(frame.openKfId) ?? [];
    if (waiting.length > WAITING_MAX)
      return failedAttempt('saturated', 'too many events of this account wait for the client', onEnd);
    const sent: Sent = new Sent(frame, limitMs, onEnd, hasPulled, () => this.#giveUp(sent));
    this.#limit(sent);
    waiting.push(sent);
    this.#byAccount.set(frame.openKfId, waiting);
    if (waiting[0] === sent) this.#offer(sent);
    return sent;
  }

  /** @returns whether the event was under way. */
  ack(id: string): boolean {
    return this.#answered(id, { taken: true, status: ACKNOWLEDGED });
  }

  /**
   * @param retryAfterMs `null` refuses the event itself. A time means that the client can take nothing just now.
   * @returns whether the event was under way.
   */
  nack(id: string, retryAfterMs: number | null): boolean {
    const refusal = { taken: false, stage: 'status', reason: 'the client did not take it' } as const;
    const later = 'the client could not take it now';
    return this.#answered(
      id,
      retryAfterMs === null ? refusal : { ...refusal, reason: later, status: LATER, retryAfterMs },
    );
  }

  /** Ends all events when the connection is gone. */
  lost(): void {
    this.#isLost = true;
    for (const sent of [...this.#byAccount.values()].flat()) {
      const { isWithClient } = sent;
      this.#end(sent, { taken: false, stage: isWithClient ? 'reset' : 'connect', reason: LOST });
    }
  }

  /**
   * Ends all events when the client closed the connection because of a frame that is too long for it. The longest message under way
   * is taken for that frame: it fails for good, since it can never be sent to the client. But if a longer message was late before,
   * that one was the frame, and no message under way fails for good. Events are too short to count.
   */
  lostToLength(): void {
    const messages = [...this.#byId.values()].filter(({ frame }) => frame.message !== undefined);
    const longest = messages.reduce<Sent | null>((a, b) => (b.bytes > (a?.bytes ?? 0) ? b : a), null);
    this.#isLost = true;
    if (longest !== null && longest.bytes >= this.#longestLate)
      this.#end(longest, { taken: false, stage: 'too_long', reason: TOO_LONG });
    this.lost();
  }

  #answered(id: string, result: AttemptResult): boolean {
    const sent = this.#byId.get(id);
    if (sent === undefined) return false;
    this.#end(sent, result);
    return true;
  }

  #offer(sent: Sent): void {
    sent.bytes = this.sink.offer(sent.frame);
    if (sent.bytes === 0) return this.#end(sent, { taken: false, stage: 'saturated', reason: FULL });
    this.#byId.set(sent.frame.id, sent);
    this.#limit(sent);
  }

  #limit(sent: Sent): void {
    sent.deadline?.cancel();
    sent.deadline = this.clock.after(sent.limitMs, () => void this.#late(sent));
  }

  /** Ends an event at its limit. A bot that has pulled the message is working on it, and gets more time. */
  async #late(sent: Sent): Promise<void> {
    const { limitMs } = sent;
    if (!sent.isWithClient) return void this.#giveUp(sent);
    if (sent.hasPulled !== null && (await sent.hasPulled())) {
      if (sent.isEnded) return;
      sent.deadline = this.clock.after(HALVES_MS - limitMs, () => {
        const reason = `it pulled its message, but sent no ack within ${HALVES_MS / 1_000} s`;
        this.#end(sent, { taken: false, stage: 'timeout', reason, hasPulled: true });
      });
      return;
    }
    if (sent.frame.message !== undefined) this.#longestLate = Math.max(this.#longestLate, sent.bytes);
    const reason = `no ack within ${limitMs / 1_000} s`;
    this.#end(sent, { taken: false, stage: 'timeout', reason, isOfAccount: true });
  }

  #giveUp(sent: Sent): boolean {
    if (sent.isWithClient) return false;
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
const TOO_LONG = 'the client does not read frames of this length: it closed the connection with 1009';
const FULL = 'too many bytes wait for clients that read slowly';

class Sent implements Attempt {
  readonly result: Promise<AttemptResult>;
  deadline: Timer | null = null;
  /** The bytes of the frame; 0 until it was sent to the client. */
  bytes = 0;
  isEnded = false;
  #resolve!: (result: AttemptResult) => void;

  constructor(
    readonly frame: EventFrame,
    readonly limitMs: number,
    private readonly onEnd: OnEnd,
    readonly hasPulled: (() => Promise<boolean>) | null,
    readonly withdraw: () => boolean,
  ) {
    this.result = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  get isWithClient(): boolean {
    return this.bytes > 0;
  }

  end(result: AttemptResult): void {
    this.isEnded = true;
    this.onEnd(result);
    this.#resolve(result);
  }
}
