/** What became of a callback, as its log line and the counts of `/health` name it. */
export const CALLBACK_OUTCOMES = [
  'verified',
  'delivered',
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
export class CallbackLog {
  openKfId: string | undefined;
  event: string | undefined;
  outcome: CallbackOutcome | undefined;
  attempts: number | undefined;
  puppetStatus: number | undefined;
  /** Verify, decrypt and parse. */
  openMs: number | undefined;
  /** From then on to the puppet's status line. */
  deliveryMs: number | undefined;

  constructor(
    readonly corpId: string,
    readonly form: 'verification' | 'encrypted' | 'decrypted',
  ) {}
}

/** Milliseconds with two digits after the point: enough for a person, short in a log. */
export function roundMs(ms: number): number {
  return Math.round(ms * 100) / 100;
}
