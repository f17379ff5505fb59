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

interface NotTaken {
  readonly taken: false;
  /** Where, beyond what an attempt can say. */
  readonly stage: FailureStage | 'unregistered' | 'offline' | 'late';
  readonly reason: string;
}

const UNREGISTERED: NotTaken = {
  taken: false,
  stage: 'unregistered',
  reason: 'no puppet has registered for this kf account yet',
};
const OFFLINE: NotTaken = { taken: false, stage: 'offline', reason: 'the puppet has deregistered' };
const LATE: NotTaken = { taken: false, stage: 'late', reason: 'the puppet did not answer in time' };

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
    if (puppet === null) throw notTaken(UNREGISTERED, 0);
    const endMs = this.clock.elapsedMs() + INLINE_BUDGET_MS;
    const attempts = puppet.online ? 1 : 0;
    const first = puppet.online ? await this.#tryUntil(endMs, puppet, event, 1) : OFFLINE;
    if (first.taken) return { status: first.status, attempts };
    const moved = await this.#findMoved(puppet, endMs);
    if (moved === null) throw notTaken(first, attempts);
    const second = await this.#tryUntil(endMs, moved, event, attempts + 1);
    if (second.taken) return { status: second.status, attempts: attempts + 1 };
    throw notTaken(second, attempts + 1);
  }

  /** The puppet where it is now, if another replica knows it to be back or at another endpoint. */
  async #findMoved(puppet: Puppet, endMs: number): Promise<Puppet | null> {
    const leftMs = endMs - this.clock.elapsedMs();
    if (leftMs <= 0) return null;
    const now = await this.registry.rereadPuppet(puppet.openKfId, leftMs);
    if (this.clock.elapsedMs() >= endMs) return null;
    return now?.online && (!puppet.online || now.endpoint !== puppet.endpoint) ? now : null;
  }

  #tryUntil(
    endMs: number,
    puppet: Puppet,
    event: KfEvent,
    number: number,
  ): Promise<AttemptResult | NotTaken> {
    const attempt = this.client.start(puppet, event, number);
    return new Promise((resolve) => {
      const budget = this.clock.after(endMs - this.clock.elapsedMs(), () => {
        if (attempt.withdraw()) return;
        resolve(LATE);
      });
      void attempt.result.then((result) => {
        budget.cancel();
        resolve(result);
      });
    });
  }
}

function notTaken({ stage, reason }: NotTaken, attempts: number): AppError {
  return new AppError('DISPATCH_NOT_TAKEN', { detail: reason, internal: { stage, attempts } });
}
