import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/app-error.js';
import { Clock } from '../../kernel/clock.js';
import { LOG, type Log } from '../../kernel/log.js';
import type { Requester } from '../../kernel/role.js';
import { Accounts } from '../../registry/accounts/accounts.js';
import { type Destination, Destinations } from '../../registry/accounts/destination.js';
import { type KfEvent, toResync } from '../../queue/kf-event.js';
import type { AttemptResult } from '../endpoint/attempt.js';
import { type BotEndpoint, BotEndpoints } from '../endpoint/bot-endpoint.js';
import { hasSeenNothing } from './sender.js';
import { TestBudget } from './test-budget.js';
import type { ShownAnswer } from '../endpoint/carrier.js';
import { toParcel } from '../endpoint/parcel.js';
import { TestElsewhere } from './test-elsewhere.js';
import type { Failure } from '../../queue/failure.js';

/** The result of a test. */
export interface TestDeliveryResult {
  /** `null` when the puppet took it. */
  readonly failure: Omit<Failure, 'atMs'> | null;
  /** Whether the manager has pulled in place of the bot. The bot was then sent nothing. */
  readonly isPulled: boolean;
  /** Time until the status line, or until it failed. */
  readonly durationMs: number;
  readonly answer: ShownAnswer | null;
}

/**
 * Sends the bot of an account one resync hint for an operator who waits for the result. Nothing is kept. If the bot takes it, its
 * circuit closes and what waits is sent. If it does not, that does not count: a test must not hold back events.
 */
@Injectable()
export class TestDelivery {
  constructor(
    private readonly accounts: Accounts,
    private readonly destinations: Destinations,
    private readonly botEndpoints: BotEndpoints,
    private readonly budget: TestBudget,
    private readonly clock: Clock,
    private readonly elsewhere: TestElsewhere,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /** @throws AppError `REGISTRY_PUPPET_NOT_FOUND`, `RESYNC_LIMITED`; nothing was sent. */
  async send(openKfId: string, by: Requester): Promise<TestDeliveryResult> {
    const corpId = await this.accounts.corpOf(openKfId);
    const takenAtMs = await this.budget.take(corpId);
    // No `await` from here to the request: a registration may begin at any time.
    const to = this.destinations.find({ corpId, openKfId });
    const botEndpoint = this.botEndpoints.to(to);
    if (botEndpoint === null && to.state !== 'registering') {
      await this.budget.giveBack(corpId, takenAtMs);
      throw new AppError('REGISTRY_PUPPET_NOT_FOUND');
    }
    const tested = await this.#test(to, botEndpoint);
    const { failure, durationMs, answer } = tested;
    if (failure !== null && hasSeenNothing(failure.stage)) await this.budget.giveBack(corpId, takenAtMs);
    const { stage, reason } = failure ?? {};
    const outcome = { botStatus: answer?.status, stage, reason, durationMs: Math.round(durationMs) };
    this.log.info({ openKfId, corpId, taken: failure === null, ...outcome, ...by }, 'delivery.tested');
    return tested;
  }

  async #test(to: Destination, botEndpoint: BotEndpoint | null): Promise<TestDeliveryResult> {
    if (to.isPaused) return notTested('paused', 'its bot is paused: nothing is sent until paused is false');
    if (to.state === 'elsewhere') return this.#testElsewhere(to);
    if (botEndpoint === null || to.state === 'registering')
      return notTested('registering', 'its puppet is registering');
    return this.#attempt(botEndpoint, toResync(to), to.isPulled);
  }

  async #testElsewhere(to: Destination): Promise<TestDeliveryResult> {
    const startedMs = this.clock.elapsedMs();
    const failure = await this.elsewhere.run(to);
    const durationMs = this.clock.elapsedMs() - startedMs;
    return { failure: failure && toAnswer(failure), isPulled: false, durationMs, answer: null };
  }

  async #attempt(botEndpoint: BotEndpoint, event: KfEvent, isPulled: boolean): Promise<TestDeliveryResult> {
    const startedMs = this.clock.elapsedMs();
    const attempt = botEndpoint.attemptShown(toParcel(event, 1));
    const result = await attempt.result;
    const durationMs = this.clock.elapsedMs() - startedMs;
    return { failure: failureIn(result), isPulled, durationMs, answer: await attempt.whenAnswered() };
  }
}

function failureIn(result: AttemptResult): TestDeliveryResult['failure'] {
  return result.taken ? null : toAnswer(result);
}

function toAnswer({ stage, reason, status }: Omit<Failure, 'atMs'>): TestDeliveryResult['failure'] {
  return { stage, reason, ...(status !== undefined && { status }) };
}

function notTested(stage: Failure['stage'], reason: string): TestDeliveryResult {
  return { failure: { stage, reason }, isPulled: false, durationMs: 0, answer: null };
}
