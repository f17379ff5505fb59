/** A customer-service account, as WeCom lists it. */
export class WecomAccountAnswer {
  /** @example wkAAA */
  readonly openKfId!: string;

  /** @example Support */
  readonly name!: string;

  /**
   * Who takes its events: bot, registration, or nobody yet.
   * @example nobody
   */
  readonly takenBy!: 'bot' | 'registration' | 'nobody';
}

export class WecomAccountsAnswer {
  readonly items!: WecomAccountAnswer[];
}
