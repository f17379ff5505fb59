/** One event on its way to the callback URL, as the page shows it. */
export interface CallbackRecord {
  readonly id: number;
  /** Name of the app whose URL it is sent to. */
  readonly app: string;
  readonly openKfId: string;
  /** Of the message that it tells of. */
  readonly msgid: string;
  /** By which calls of sync_msg name it. */
  readonly syncToken: string;
  readonly atMs: number;
  readonly attempts: CallbackAttempt[];
  /** `dropped` by the fault switch; `given-up` after the last re-send. */
  state: 'running' | 'taken' | 'given-up' | 'dropped';
}

export interface CallbackAttempt {
  /** From 1 to 4. */
  readonly number: number;
  readonly startedAtMs: number;
  readonly tookMs: number;
  readonly outcome: 'taken' | 'bad-status' | 'cut' | 'failed';
  readonly status: number | null;
  /** The beginning of the answer, or why there was none. */
  readonly detail: string;
}
