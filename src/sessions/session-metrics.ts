import { Injectable } from '@nestjs/common';
import type { Count } from '../metrics/count.js';
import { byValue, Metrics } from '../metrics/metrics.js';
import { TEXT_KINDS, type TextKind } from './session.js';

const TEXT_RESULTS = ['sent', 'refused', 'again'] as const;
const HAND_OVERS = ['moved', 'already', 'closed', 'nobody', 'failed'] as const;
const LOOK_UPS = ['answered', 'failed'] as const;

/** What was done for customers since the start. */
@Injectable()
export class SessionMetrics {
  readonly #texts: Record<TextKind, Record<(typeof TEXT_RESULTS)[number], Count>>;
  readonly #handOvers: Record<(typeof HAND_OVERS)[number], Count>;
  readonly #lookUps: Record<(typeof LOOK_UPS)[number], Count>;

  constructor(metrics: Metrics) {
    const texts = metrics.counter('wxkf_session_texts_total');
    this.#texts = byValue(TEXT_KINDS, (kind) => byValue(TEXT_RESULTS, (result) => texts({ kind, result })));
    const handOvers = metrics.counter('wxkf_session_hand_overs_total');
    this.#handOvers = byValue(HAND_OVERS, (outcome) => handOvers({ outcome }));
    const lookUps = metrics.counter('wxkf_session_look_ups_total');
    this.#lookUps = byValue(LOOK_UPS, (result) => lookUps({ result }));
  }

  /** @param errcode as `ServiceCalls.send` gives it. */
  text(kind: TextKind, errcode: number | null): void {
    this.#texts[kind][errcode === null ? 'again' : errcode === 0 ? 'sent' : 'refused'].add();
  }

  handedOver(outcome: (typeof HAND_OVERS)[number]): void {
    this.#handOvers[outcome].add();
  }

  lookedUp(isAnswered: boolean): void {
    this.#lookUps[isAnswered ? 'answered' : 'failed'].add();
  }
}
