import { AppError } from '../kernel/app-error.js';
import { ERRORS } from '../kernel/error-table.js';

/** What became of a callback, named as in its log line and in the counts of `/health`. */
export const CALLBACK_OUTCOMES = [
  'verified',
  'delivered',
  'pending',
  'ignored',
  'refused',
  'not_taken',
  'failed',
] as const;
export type CallbackOutcome = (typeof CALLBACK_OUTCOMES)[number];
/** How a callback comes in. */
export type CallbackForm = 'verification' | 'encrypted' | 'decrypted';

/**
 * What became of one callback; of a refused one, how far it came. Log line, metrics, span and record are made of it, in the
 * controller.
 */
export class CallbackReport {
  outcome: CallbackOutcome = 'failed';
  /** Why it was not accepted; `null` when it was. */
  error: unknown = null;
  /** The opened text of a verification, which is its answer. */
  echo = '';
  /** `undefined` unless it has the form of an account id, or the account is known. */
  openKfId: string | undefined = undefined;
  /** `undefined` unless it has the form of an event name. */
  event: string | undefined = undefined;
  /** The id of the opened event. */
  webhookId: string | null = null;
  /** The id of the bot that takes the account's events; `undefined` for a puppet. */
  bot: string | undefined = undefined;
  attempts: number | undefined = undefined;
  /** Why the event was kept instead of taken. */
  stage: string | undefined = undefined;
  botStatus: number | undefined = undefined;
  /** Verify, decrypt and parse. */
  openMs: number | undefined = undefined;
  /** From the end of opening until the event is taken, kept or given up. */
  deliveryMs: number | undefined = undefined;
}

/** Never rejects. @param fill notes what becomes known, also before it throws. */
export async function acceptedBy(fill: (accepted: CallbackReport) => Promise<void>): Promise<CallbackReport> {
  const accepted = new CallbackReport();
  try {
    await fill(accepted);
    return accepted;
  } catch (error) {
    return refusedFor(error, accepted);
  }
}

/** @param accepted what is known of it. */
export function refusedFor(error: unknown, accepted = new CallbackReport()): CallbackReport {
  accepted.error = error;
  accepted.outcome = outcomeOf(error);
  return accepted;
}

function outcomeOf(error: unknown): 'refused' | 'not_taken' | 'failed' {
  if (!(error instanceof AppError)) return 'failed';
  if (error.code === 'DISPATCH_NOT_TAKEN') return 'not_taken';
  return ERRORS[error.code].status < 500 ? 'refused' : 'failed';
}
