import { Injectable } from '@nestjs/common';
import { AppError } from '../kernel/app-error.js';
import { Clock } from '../kernel/clock.js';
import { StoreClock } from '../kernel/store-clock.js';
import { DeliveryRecorder } from '../log/delivery-recorder.js';
import type { RecordOutcome } from '../log/delivery-record.js';
import { LogMetrics } from '../log/log-metrics.js';
import type { CallbackReport, CallbackForm, CallbackOutcome } from './callback-report.js';

/** How many refused and failed callbacks a minute come into the delivery log: anybody can send such callbacks. */
export const REFUSED_PER_MINUTE = 1_000;
const FROM_ANYBODY: ReadonlySet<CallbackOutcome> = new Set(['refused', 'failed']);
const MINUTE_MS = 60_000;

const OUTCOMES: Readonly<Record<Exclude<CallbackOutcome, 'verified'>, RecordOutcome>> = {
  delivered: 'taken',
  pending: 'kept',
  ignored: 'ignored',
  refused: 'refused',
  not_taken: 'not_taken',
  failed: 'failed',
};

/** A callback and what became of it. */
export interface AnsweredCallback {
  readonly accepted: CallbackReport;
  readonly corpId: string | null;
  readonly form: CallbackForm;
  readonly from: string;
  readonly durationMs: number;
}

/** Puts each answered callback into the delivery log; of verifications only those that failed. */
@Injectable()
export class CallbackRecords {
  #refused = 0;
  #minuteEndsMs = 0;

  constructor(
    private readonly recorder: DeliveryRecorder,
    private readonly metrics: LogMetrics,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
  ) {}

  answered({ accepted, corpId, form, from, durationMs }: AnsweredCallback): void {
    const { outcome, error } = accepted;
    if (!this.recorder.isOn || outcome === 'verified') return;
    if (FROM_ANYBODY.has(outcome) && !this.#takesRefused()) return this.metrics.dropped.refused.add();
    this.recorder.add({
      kind: 'callback',
      atMs: this.storeClock.nowMs(),
      corpId,
      openKfId: accepted.openKfId ?? null,
      webhookId: accepted.webhookId,
      outcome: OUTCOMES[outcome],
      form,
      occasion: null,
      attempt: accepted.attempts ?? 0,
      endpoint: null,
      botId: null,
      asks: null,
      status: accepted.botStatus ?? null,
      stage: accepted.stage ?? null,
      reason: error === null ? null : reasonOf(error),
      durationMs,
      source: error === null ? null : from,
      onlyAttempt: null,
    });
  }

  #takesRefused(): boolean {
    const nowMs = this.clock.elapsedMs();
    if (nowMs >= this.#minuteEndsMs) {
      this.#minuteEndsMs = nowMs + MINUTE_MS;
      this.#refused = 0;
    }
    return ++this.#refused <= REFUSED_PER_MINUTE;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof AppError ? error.code : 'INTERNAL';
}
