import { Injectable } from '@nestjs/common';
import { accountKey } from '../kernel/account.js';
import { newLru } from '../kernel/lru.js';
import { StoreClock } from '../kernel/store-clock.js';
import type { SessionSettings } from '../registry/bots/session.dto.js';
import { COUNTED_ERRCODES, type WecomAnswer } from '../wecom/client/wecom-answer.js';
import { isOpen } from './hours.js';
import type { HandOverOutcome, HandOverTexts } from './machine.js';
import { type ServiceCall, ServiceCalls, type Servicers } from './service-calls.js';
import { SessionMetrics } from './session-metrics.js';
import { STATE, type State } from './session.js';

const TURNS_MAX = 10_000;
/** WeCom may know better than a moment ago who serves. More would take too long. */
const TRIES_MAX = 3;
/** The session is over, or cannot go from its state to the new one (path/94669). The state is to be asked for. */
const OF_THE_STATE: readonly number[] = [95_013, 95_016, 95_018];

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
  async perform(asked: ServiceCall, settings: SessionSettings): Promise<HandOverOutcome> {
    const outcome = orNobody(await this.#perform(asked, settings), settings);
    this.metrics.handedOver('errcode' in outcome ? 'failed' : outcome.kind);
    return outcome;
  }

  async #perform(asked: ServiceCall, { hours, people }: SessionSettings): Promise<HandOverOutcome> {
    if (hours !== undefined && !isOpen(hours, this.storeClock.nowMs())) return { kind: 'closed' };
    const { to = 'pool' } = people ?? {};
    return to === 'pool' ? this.#toPool(asked) : this.#toServicers(asked, to.servicers);
  }

  async #toPool(asked: ServiceCall): Promise<HandOverOutcome> {
    const servicers = await this.calls.servicers(asked);
    if (servicers === null || 'errcode' in servicers) return failedBy(servicers);
    const mayServe = servicers.serving.length > 0 || servicers.hasOthers;
    return (mayServe && (await this.#transfer(asked, STATE.pool, null))) || { kind: 'nobody' };
  }

  /** A refusal drops the list of servicers, so the next one is chosen by a new list. */
  async #toServicers(asked: ServiceCall, named: readonly string[]): Promise<HandOverOutcome> {
    const turn = this.#nextTurn(asked);
    const tried: string[] = [];
    while (tried.length < TRIES_MAX) {
      const servicers = await this.calls.servicers(asked);
      if (servicers === null || 'errcode' in servicers) return failedBy(servicers);
      const servicer = inTurn(named, servicers, turn).find((id) => !tried.includes(id));
      if (servicer === undefined) break;
      const outcome = await this.#transfer(asked, STATE.people, servicer);
      if (outcome !== null) return outcome;
      tried.push(servicer);
    }
    return { kind: 'nobody' };
  }

  /** @returns `null` where the customer is not taken there. */
  async #transfer(
    asked: ServiceCall,
    state: State,
    servicer: string | null,
  ): Promise<HandOverOutcome | null> {
    const answer = await this.calls.transfer(asked, state, servicer);
    if (answer === null) return failedBy(answer);
    if ('code' in answer) return { kind: 'moved', state, code: answer.code };
    this.calls.forgetServicers(asked.account);
    // Any other code is about the servicer, such as 95014: the app has just been told who serves.
    const isOfOthers = [...OF_THE_STATE, ...COUNTED_ERRCODES].includes(answer.errcode);
    return isOfOthers ? failedBy(answer) : null;
  }

  #nextTurn({ account }: ServiceCall): number {
    const turn = this.#turns.get(accountKey(account)) ?? 0;
    this.#turns.set(accountKey(account), turn + 1);
    return turn;
  }
}

/** Those who may serve, the one whose turn it is first. */
function inTurn(
  named: readonly string[],
  { serving, stopped, hasOthers }: Servicers,
  turn: number,
): readonly string[] {
  const able = named.filter((id) => serving.includes(id) || (hasOthers && !stopped.includes(id)));
  const first = turn % Math.max(1, able.length);
  return [...able.slice(first), ...able.slice(0, first)];
}

/** If WeCom refuses for good, nobody will come: the customer is told so where there are words for it. */
function orNobody(outcome: HandOverOutcome, { people }: SessionSettings): HandOverOutcome {
  if (outcome.kind !== 'failed' || outcome.errcode === null || people?.nobody === undefined) return outcome;
  const { errcode } = outcome;
  return OF_THE_STATE.includes(errcode) ? outcome : { kind: 'nobody', errcode };
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
