import { RequestFields } from '../http/log/request-log.js';

/** The outcome of a callback, named as in its log line and in the counts of `/health`. */
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
 * The fields of a callback's log line. They are set as they become known, so the line of a refused callback
 * shows how far it came.
 */
export class CallbackLog extends RequestFields {
  /** Left out unless it has the form of an account id. `event` is left out likewise. */
  openKfId: string | undefined = undefined;
  event: string | undefined = undefined;
  /** The id of the bot that takes the account's events; left out for a puppet. */
  bot: string | undefined = undefined;
  outcome: CallbackOutcome | undefined = undefined;
  attempts: number | undefined = undefined;
  /** Why the event was kept instead of taken. */
  stage: string | undefined = undefined;
  botStatus: number | undefined = undefined;
  /** Verify, decrypt and parse. */
  openMs: number | undefined = undefined;
  /** From the end of opening until the event is taken, kept or given up. */
  deliveryMs: number | undefined = undefined;
  #webhookId: string | null = null;

  constructor(
    /** Left out unless it has the form of a corp id: the path may contain anything, even a secret. */
    readonly corpId: string | undefined,
    readonly form: 'verification' | 'encrypted' | 'decrypted',
  ) {
    super();
  }

  /** The id of the opened event. The log line does not contain it. */
  get webhookId(): string | null {
    return this.#webhookId;
  }

  set webhookId(id: string) {
    this.#webhookId = id;
  }

  override get isNews(): boolean {
    return this.outcome === 'pending';
  }
}
