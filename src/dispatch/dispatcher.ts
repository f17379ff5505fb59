import { Injectable } from '@nestjs/common';
import { AppError } from '../kernel/app-error.js';
import { Clock } from '../kernel/clock.js';
import type { Puppet } from '../registry/puppet.js';
import { RegistryService } from '../registry/registry.service.js';
import type { AttemptResult, FailureStage } from './attempt.js';
import type { KfEvent } from './kf-event.js';
import { PuppetClient } from './puppet-client.js';

/** How long an answer waits for the puppet. */
const INLINE_BUDGET_MS = 1_000;

export interface Delivered {
  readonly status: number;
  readonly attempts: number;
}

/** Why an event was not taken, beyond what an attempt can say. */
type NotTakenStage = FailureStage | 'unregistered' | 'offline' | 'late';

type InlineResult =
  | AttemptResult
  | { readonly taken: false; readonly stage: 'late'; readonly reason: string };

/** Delivers an event while its sender waits. What the puppet does not take is refused, so that it is sent again. */
@Injectable()
export class Dispatcher {
  constructor(
    private readonly client: PuppetClient,
    private readonly registry: RegistryService,
    private readonly clock: Clock,
  ) {}

  /**
   * Returns once the puppet has taken the event.
   * @param puppet `null` when none is registered for the event's kf account.
   * @throws AppError `DISPATCH_NOT_TAKEN` within the inline budget; the puppet may still take it then.
   */
  async dispatch(event: KfEvent, puppet: Puppet | null): Promise<Delivered> {
    if (puppet === null)
      throw notTaken('unregistered', 'no puppet has registered for this kf account yet', 0);
    if (!puppet.online) throw notTaken('offline', 'the puppet has deregistered', 0);
    const endMs = this.clock.elapsedMs() + INLINE_BUDGET_MS;
    const first = await this.#tryUntil(endMs, puppet, event, 1);
    if (first.taken) return { status: first.status, attempts: 1 };
    const moved = await this.#findMoved(puppet, endMs);
    if (moved === null) throw notTaken(first.stage, first.reason, 1);
    const second = await this.#tryUntil(endMs, moved, event, 2);
    if (second.taken) return { status: second.status, attempts: 2 };
    throw notTaken(second.stage, second.reason, 2);
  }

  /** The puppet where it is now, if another replica knows it at another endpoint. */
  async #findMoved(puppet: Puppet, endMs: number): Promise<Puppet | null> {
    const leftMs = endMs - this.clock.elapsedMs();
    if (leftMs <= 0) return null;
    const now = await this.registry.rereadPuppet(puppet.openKfId, leftMs);
    if (this.clock.elapsedMs() >= endMs) return null;
    return now?.online && now.endpoint !== puppet.endpoint ? now : null;
  }

  #tryUntil(endMs: number, puppet: Puppet, event: KfEvent, number: number): Promise<InlineResult> {
    const attempt = this.client.start(puppet, event, number);
    return new Promise((resolve) => {
      const budget = this.clock.after(endMs - this.clock.elapsedMs(), () => {
        if (attempt.withdraw()) return;
        resolve({ taken: false, stage: 'late', reason: 'the puppet did not answer in time' });
      });
      void attempt.result.then((result) => {
        budget.cancel();
        resolve(result);
      });
    });
  }
}

function notTaken(stage: NotTakenStage, reason: string, attempts: number): AppError {
  return new AppError('DISPATCH_NOT_TAKEN', { detail: reason, internal: { stage, attempts } });
}
