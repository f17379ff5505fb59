import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Attempt, AttemptResult } from '../../dispatch/endpoint/attempt.js';
import type { BotEndpoint } from '../../dispatch/endpoint/bot-endpoint.js';
import { Clock } from '../../kernel/clock.js';
import type { Parcel } from '../../dispatch/endpoint/parcel.js';

/** How long a stop waits for a bot that is at work on its message. */
const STOP_MS = 10_000;

const STOPPED: AttemptResult = {
  taken: false,
  stage: 'timeout',
  reason: 'the manager stopped before it had an answer',
};

export interface EndedAttempt {
  readonly result: AttemptResult;
  readonly durationMs: number;
}

/** Attempts to give messages to bots, which end when the manager stops. */
@Injectable()
export class MessageAttempts implements OnApplicationShutdown {
  /** Attempts under way, each with the function that gives it up. */
  readonly #underWay = new Map<Attempt, (result: AttemptResult) => void>();
  #isStopping = false;

  constructor(private readonly clock: Clock) {}

  /** Whether no further attempt may begin. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Gives up attempts without a socket at once, and the others after `STOP_MS`. */
  onApplicationShutdown(): void {
    this.#isStopping = true;
    for (const attempt of this.#underWay.keys()) attempt.withdraw();
    this.clock.after(STOP_MS, () => {
      for (const giveUp of this.#underWay.values()) giveUp(STOPPED);
    });
  }

  async make(parcel: Parcel, botEndpoint: BotEndpoint): Promise<EndedAttempt> {
    const startedMs = this.clock.elapsedMs();
    const sent = botEndpoint.attempt(parcel, 'message');
    const { promise, resolve } = Promise.withResolvers<AttemptResult>();
    this.#underWay.set(sent, resolve);
    void sent.result.then(resolve);
    const result = await promise;
    this.#underWay.delete(sent);
    return { result, durationMs: this.clock.elapsedMs() - startedMs };
  }
}
