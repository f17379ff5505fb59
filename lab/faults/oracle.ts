/**
 * Counts what was lost, exactly. A callback that was answered 200 for an account is covered by a delivery to
 * that account which began after the callback was sent and which the answer was 2xx; what stays
 * uncovered when everything had time to drain is lost. It is of no account which event that delivery
 * carried: each is a hint to pull everything that is new. But puppets drop what they have had, by `webhook-id`, so a
 * delivery of an event that was taken before covers nothing. Whether the manager lived to see the 2xx does not count
 * either.
 *
 * All times are `performance.now()` of this process, in which both the callers and the puppets live.
 */
export interface Arrival {
  readonly openKfId: string;
  /** `webhook-id`. */
  readonly id: string;
  /** `x-wxkf-attempt`. */
  readonly attempt: number;
  readonly startedAtMs: number;
}

/** What is known of one account. */
interface Standing {
  /** When those callbacks were sent that were answered 200 and are not covered yet. */
  uncovered: number[];
  /** When the latest delivery that was taken began. */
  coveredUntilMs: number;
  readonly takenIds: Set<string>;
  readonly underWay: Set<Arrival>;
  lastArrivalAtMs: number;
  /** Since the last delivery that was taken. */
  attemptMax: number;
  waiting: (() => void)[];
}

export class Oracle {
  /** Callbacks sent. */
  sent = 0;
  /** Answers by status; `none` where the connection broke or nothing came in time. */
  readonly answers = new Map<string, number>();
  /** Deliveries of an event that its puppet had taken before, which it drops. */
  duplicates = 0;
  arrivals = 0;
  onArrival: (arrival: Arrival) => void = () => {};
  readonly #standings = new Map<string, Standing>();

  get accepted(): number {
    return this.answers.get('200') ?? 0;
  }

  /** How many callbacks are uncovered now; once everything had time to drain these are lost. */
  get uncovered(): number {
    let count = 0;
    for (const { uncovered } of this.#standings.values()) count += uncovered.length;
    return count;
  }

  /** @param sentAtMs when the event was sent for the first time, if it comes again. */
  answered(openKfId: string, sentAtMs: number, status: number | null): void {
    this.sent++;
    const name = status === null ? 'none' : String(status);
    this.answers.set(name, (this.answers.get(name) ?? 0) + 1);
    if (status !== 200) return;
    const standing = this.#of(openKfId);
    if (sentAtMs > standing.coveredUntilMs) standing.uncovered.push(sentAtMs);
  }

  arrived(arrival: Arrival): void {
    const standing = this.#of(arrival.openKfId);
    this.arrivals++;
    if (standing.takenIds.has(arrival.id)) this.duplicates++;
    standing.underWay.add(arrival);
    standing.lastArrivalAtMs = arrival.startedAtMs;
    standing.attemptMax = Math.max(standing.attemptMax, arrival.attempt);
    this.onArrival(arrival);
  }

  /** The puppet has written a 2xx. */
  taken(arrival: Arrival): void {
    const standing = this.#of(arrival.openKfId);
    if (standing.takenIds.has(arrival.id)) return;
    standing.takenIds.add(arrival.id);
    standing.attemptMax = 0;
    standing.coveredUntilMs = Math.max(standing.coveredUntilMs, arrival.startedAtMs);
    standing.uncovered = standing.uncovered.filter((sentAtMs) => sentAtMs > standing.coveredUntilMs);
    if (standing.uncovered.length > 0) return;
    for (const resolve of standing.waiting.splice(0)) resolve();
  }

  /** Answered in whatever way, or cut off. */
  ended(arrival: Arrival): void {
    this.#of(arrival.openKfId).underWay.delete(arrival);
  }

  isCovered(openKfId: string): boolean {
    return this.#of(openKfId).uncovered.length === 0;
  }

  listUncovered(): string[] {
    return [...this.#standings].flatMap(([openKfId, { uncovered }]) =>
      uncovered.length > 0 ? [openKfId] : [],
    );
  }

  /** Whether a delivery has reached the puppet and has no answer yet. */
  isUnderWay(openKfId: string): boolean {
    return this.#of(openKfId).underWay.size > 0;
  }

  /** The latest delivery that came, and the highest attempt since the puppet last took one. */
  lastAttempt(openKfId: string): { readonly atMs: number; readonly number: number } {
    const { lastArrivalAtMs, attemptMax } = this.#of(openKfId);
    return { atMs: lastArrivalAtMs, number: attemptMax };
  }

  /** @returns false when it is not covered within the limit. */
  async whenCovered(openKfId: string, limitMs: number): Promise<boolean> {
    if (this.isCovered(openKfId)) return true;
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), limitMs);
      this.#of(openKfId).waiting.push(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  #of(openKfId: string): Standing {
    let standing = this.#standings.get(openKfId);
    if (standing === undefined) {
      standing = {
        uncovered: [],
        coveredUntilMs: -Infinity,
        takenIds: new Set(),
        underWay: new Set(),
        lastArrivalAtMs: -Infinity,
        attemptMax: 0,
        waiting: [],
      };
      this.#standings.set(openKfId, standing);
    }
    return standing;
  }
}
