import { Injectable } from '@nestjs/common';
import { AppError } from '../kernel/app-error.js';
import { Clock } from '../kernel/clock.js';
import { StoreClock } from '../kernel/store-clock.js';
import { DeliveryRecorder } from '../record/delivery-recorder.js';
import type { RecordOutcome } from '../record/delivery-record.js';
import { RecordMetrics } from '../record/record-metrics.js';
import type { CallbackLog, CallbackOutcome } from './callback-log.js';

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

/** A callback and its outcome. */
export interface AnsweredCallback {
  readonly log: CallbackLog;
  /** `null` when it was answered with 200. */
  readonly error: unknown;
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
    private readonly metrics: RecordMetrics,
    private readonly clock: Clock,
    private readonly storeClock: StoreClock,
  ) {}

  answered({ log, error, from, durationMs }: AnsweredCallback): void {
    const { outcome = 'failed' } = log;
    if (!this.recorder.isOn || outcome === 'verified') return;
    if (FROM_ANYBODY.has(outcome) && !this.#takesRefused()) return this.metrics.dropped.refused.add();
    this.recorder.add({
      kind: 'callback',
      atMs: this.storeClock.nowMs(),
      corpId: log.corpId ?? null,
      openKfId: log.openKfId ?? null,
      webhookId: log.webhookId,
      outcome: OUTCOMES[outcome],
      form: log.form,
      occasion: null,
      attempt: log.attempts ?? 0,
      endpoint: null,
      status: log.botStatus ?? null,
      stage: log.stage ?? null,
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
