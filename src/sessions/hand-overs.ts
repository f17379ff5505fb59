import { Injectable } from '@nestjs/common';
import { accountKey } from '../kernel/account.js';
import { newLru } from '../kernel/lru.js';
import { StoreClock } from '../kernel/store-clock.js';
import type { SessionSettings } from '../registry/bots/session.dto.js';
import type { WecomAnswer } from '../wecom/client/wecom-answer.js';
import { isOpen } from './hours.js';
import type { HandOverOutcome, HandOverTexts } from './machine.js';
import { type Asked, ServiceCalls, type Servicers } from './service-calls.js';
import { SessionMetrics } from './session-metrics.js';
import { STATE } from './session.js';

const TURNS_MAX = 10_000;
/** WeCom may know better than a moment ago who serves. More would take too long. */
const TRIES_MAX = 3;

/** Moves customers to people: to the pool, or to servicers in turn. */
@Injectable()
export class HandOvers {
  /** Whose turn it is, by account. */
  readonly #turns = newLru<number>(TURNS_MAX);

  constructor(
    private readonly calls: ServiceCalls,
    private readonly metrics: SessionMetrics,
    private readonly storeClock: StoreClock,
  ) {}

  /** Never rejects. The caller keeps what comes of it. */
  async perform(asked: Asked, settings: SessionSettings): Promise<HandOverOutcome> {
    const outcome = await this.#perform(asked, settings);
    this.metrics.handedOver(outcome.kind);
    return outcome;
  }

  async #perform(asked: Asked, { hours, people }: SessionSettings): Promise<HandOverOutcome> {
    if (hours !== undefined && !isOpen(hours, this.storeClock.nowMs())) return { kind: 'closed' };
    const servicers = await this.calls.servicers(asked);
    if (servicers === null || 'errcode' in servicers) return failedBy(servicers);
    const { to = 'pool' } = people ?? {};
    if (to === 'pool') {
      const mayServe = servicers.serving.length > 0 || servicers.hasOthers;
      return mayServe ? this.#toPool(asked) : { kind: 'nobody' };
    }
    let refused: HandOverOutcome | null = null;
    for (const servicer of this.#inTurn(asked, to.servicers, servicers).slice(0, TRIES_MAX)) {
      const answer = await this.calls.transfer(asked, STATE.people, servicer);
      if (answer === null) return failedBy(answer);
      if ('code' in answer) return { kind: 'moved', state: STATE.people, code: answer.code };
      refused = failedBy(answer);
    }
    return refused ?? { kind: 'nobody' };
  }

  async #toPool(asked: Asked): Promise<HandOverOutcome> {
    const answer = await this.calls.transfer(asked, STATE.pool, null);
    if (answer === null || 'errcode' in answer) return failedBy(answer);
    return { kind: 'moved', state: STATE.pool, code: answer.code };
  }

  /** Those who may serve, the one whose turn it is first. */
  #inTurn(
    { account }: Asked,
    named: readonly string[],
    { serving, stopped, hasOthers }: Servicers,
  ): readonly string[] {
    const able = named.filter((id) => serving.includes(id) || (hasOthers && !stopped.includes(id)));
    const turn = this.#turns.get(accountKey(account)) ?? 0;
    this.#turns.set(accountKey(account), turn + 1);
    const first = turn % Math.max(1, able.length);
    return [...able.slice(first), ...able.slice(0, first)];
  }
}

function failedBy(answer: WecomAnswer | null): HandOverOutcome {
  return { kind: 'failed', errcode: answer?.errcode ?? null };
}

/** What the settings have a customer told who asks for people. */
export function textsOf({ people, hours }: SessionSettings): HandOverTexts {
  return {
    ...(people?.waiting !== undefined && { waiting: { text: people.waiting } }),
    ...(people?.nobody !== undefined && { nobody: { text: people.nobody } }),
    ...(hours !== undefined && { closed: { text: hours.closed } }),
  };
}
