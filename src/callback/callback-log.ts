import { RequestFields } from '../http/log/request-log.js';

/** What became of a callback, as its log line and the counts of `/health` name it. */
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

/**
 * The fields of a callback's one log line, filled in as they become known, so that a callback that
 * is refused half-way tells how far it came.
 */
export class CallbackLog extends RequestFields {
  /** Like `corpId` and `event` left out where it has not the form of one. */
  openKfId: string | undefined = undefined;
  event: string | undefined = undefined;
  outcome: CallbackOutcome | undefined = undefined;
  attempts: number | undefined = undefined;
  /** Why it was kept. */
  stage: string | undefined = undefined;
  puppetStatus: number | undefined = undefined;
  /** Verify, decrypt and parse. */
  openMs: number | undefined = undefined;
  /** From then on to the puppet's status line. */
  deliveryMs: number | undefined = undefined;

  constructor(
    /** Left out where it has not the form of one: it may be anything, a secret too. */
    readonly corpId: string | undefined,
    readonly form: 'verification' | 'encrypted' | 'decrypted',
  ) {
    super();
  }

  override get isNews(): boolean {
    return this.outcome === 'pending';
  }
}

/** Milliseconds with two digits after the point: enough for a person, short in a log. */
export function roundMs(ms: number): number {
  return Math.round(ms * 100) / 100;
}
