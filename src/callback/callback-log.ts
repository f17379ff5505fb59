import { RequestFields } from '../http/log/request-log.js';
import type { CallbackReport, CallbackForm, CallbackOutcome } from './callback-report.js';

/** The fields of a callback's log line. */
export class CallbackLog extends RequestFields {
  openKfId: string | undefined = undefined;
  event: string | undefined = undefined;
  bot: string | undefined = undefined;
  outcome: CallbackOutcome | undefined = undefined;
  attempts: number | undefined = undefined;
  stage: string | undefined = undefined;
  botStatus: number | undefined = undefined;
  openMs: number | undefined = undefined;
  deliveryMs: number | undefined = undefined;

  constructor(
    /** Left out unless it has the form of a corp id: the path may contain anything, even a secret. */
    readonly corpId: string | undefined,
    readonly form: CallbackForm,
  ) {
    super();
  }

  fill({
    openKfId,
    event,
    bot,
    outcome,
    attempts,
    stage,
    botStatus,
    openMs,
    deliveryMs,
  }: CallbackReport): void {
    this.openKfId = openKfId;
    this.event = event;
    this.bot = bot;
    this.outcome = outcome;
    this.attempts = attempts;
    this.stage = stage;
    this.botStatus = botStatus;
    this.openMs = openMs;
    this.deliveryMs = deliveryMs;
  }

  override get isNews(): boolean {
    return this.outcome === 'pending';
  }
}
