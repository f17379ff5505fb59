import { Injectable } from '@nestjs/common';
import { BackgroundWork } from '../../kernel/background-work.js';
import {
  type Attempt,
  type AttemptResult,
  failedAttempt,
  type OnEnd,
} from '../../dispatch/endpoint/attempt.js';
import { type CarrierCriteria, Carrier } from '../../dispatch/endpoint/carrier.js';
import { eventOf, type Parcel } from '../../dispatch/endpoint/parcel.js';
import { Clock } from '../../kernel/clock.js';
import type { TraceContext } from '../../kernel/trace-context.js';
import { isOpen } from '../../registry/bots/bot.js';
import { isMadeSyncToken, SyncTokens } from '../../registry/bots/sync-tokens.js';
import type { OpenBot } from '../../registry/bots/known-bots.js';
import { type Destination, Destinations } from '../../registry/accounts/destination.js';
import { Coverage } from './coverage.js';
import { PullRun } from './pull-run.js';
import type { CameIn } from './page-keeper.js';
import { type Addressee, accountKey } from '../../kernel/account.js';
import { Places } from '../../kernel/places.js';

/** Pulls of a corp at a time. WeCom allows five calls; one is left for others. */
const RUNS_PER_CORP = 4;
/** How long an event waits for its pull; the pull goes on. */
const ATTEMPT_LIMIT_MS = 10_000;

/** The pull of an account that runs, and the next one. All events that come meanwhile share the next one. */
interface Lane {
  next: NextRun | null;
}

/** What the event said that asks for a pull. */
interface PullCause {
  /** `''` for none. */
  readonly syncToken: string;
  readonly trace: TraceContext | null;
}

interface NextRun {
  readonly waiting: Set<PullAttempt>;
  bot: OpenBot;
  asked: PullCause;
  /** Is told of messages that it brings; left out where an event asked for it. */
  readonly found?: (cameIn: CameIn) => void;
}

/** What a pull without an event brought. */
export interface Look {
  readonly result: AttemptResult;
  /** Of all its pages. */
  readonly found: CameIn;
}

/** An event that waits for its pull. */
class PullAttempt implements Attempt {
  readonly result: Promise<AttemptResult>;
  readonly #done = Promise.withResolvers<AttemptResult>();
  #hasEnded = false;
  #hasBegun = false;

  constructor(private readonly onEnd: OnEnd) {
    this.result = this.#done.promise;
  }

  begin(): void {
    this.#hasBegun = true;
  }

  end(result: AttemptResult): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.onEnd(result);
    this.#done.resolve(result);
  }

  withdraw(): boolean {
    if (this.#hasBegun) return false;
    this.end({ taken: false, stage: 'withdrawn', reason: 'no pull began in time' });
    return true;
  }
}

/** Carries events to bots that take messages: it pulls what they tell of, one pull of an account at a time, four of a corp, its bots in turns. */
@Injectable()
export class Puller extends Carrier {
  readonly #lanes = new Map<string, Lane>();
  /** By corp. Its bots take turns. */
  readonly #places = new Places();

  constructor(
    private readonly runs: PullRun,
    private readonly destinations: Destinations,
    private readonly syncTokens: SyncTokens,
    private readonly coverage: Coverage,
    private readonly late: BackgroundWork,
    private readonly clock: Clock,
  ) {
    super();
  }

  override takes({ isPulled }: CarrierCriteria): boolean {
    return isPulled;
  }

  override start(parcel: Parcel, to: Addressee & Pick<Destination, 'bot'>, onEnd: OnEnd): Attempt {
    const asked = { syncToken: eventOf(parcel).syncToken, trace: parcel.trace };
    const { corpId, openKfId, bot } = to;
    if (bot === null || !isOpen(bot))
      return failedAttempt('endpoint', "the bot's secrets cannot be opened; see SECRETS_KEY", onEnd);
    const attempt = new PullAttempt(onEnd);
    const deadline = this.clock.after(ATTEMPT_LIMIT_MS, () =>
      attempt.end({ taken: false, stage: 'pull_later', reason: 'its pull takes long', retryAfterMs: 1_000 }),
    );
    void attempt.result.then(() => deadline.cancel());
    const key = accountKey(to);
    const lane = this.#lanes.get(key);
    if (lane === undefined) {
      const first: Lane = { next: null };
      this.#lanes.set(key, first);
      void this.late.add(
        this.#runAll({ corpId, openKfId }, first, { waiting: new Set([attempt]), bot, asked }),
      );
    } else {
      const next = lane.next ?? { waiting: new Set(), bot, asked };
      lane.next = next;
      next.waiting.add(attempt);
      next.bot = bot;
      // An event without a token must not take the place of one that has one.
      if (asked.syncToken !== '') next.asked = asked;
    }
    return attempt;
  }

  /**
   * Pulls the account without an event. An event that comes meanwhile causes a pull of its own.
   * @returns `null` where the account is being pulled already.
   */
  look({ corpId, openKfId }: Addressee, bot: OpenBot): Promise<Look> | null {
    const account = { corpId, openKfId };
    const key = accountKey(account);
    if (this.#lanes.has(key)) return null;
    let [customers, firstSentAtMs] = [0, Infinity];
    const found = (cameIn: CameIn): void => {
      customers += cameIn.customers;
      firstSentAtMs = Math.min(firstSentAtMs, cameIn.firstSentAtMs);
    };
    const attempt = new PullAttempt(() => {});
    const lane: Lane = { next: null };
    this.#lanes.set(key, lane);
    const first = { waiting: new Set([attempt]), bot, asked: { syncToken: '', trace: null }, found };
    void this.late.add(this.#runAll(account, lane, first));
    return attempt.result.then((result) => ({ result, found: { customers, firstSentAtMs } }));
  }

  async #runAll(account: Addressee, lane: Lane, first: NextRun): Promise<void> {
    for (let now: NextRun | null = first; now !== null; now = lane.next) {
      lane.next = null;
      const leave = await this.#places.take(account.corpId, RUNS_PER_CORP, { party: now.bot.id });
      const { waiting, bot, asked, found } = now;
      this.coverage.pulled(account);
      await this.coverage.whenWritten(account);
      for (const attempt of waiting) attempt.begin();
      const syncToken = this.#tokenFor(account, asked);
      const { trace } = asked;
      const endpoint = this.destinations.findForMessages(account)?.endpoint?.href ?? null;
      const task = { account, bot, endpoint, syncToken, trace };
      const result = await this.runs.run(task, found ?? (() => {}));
      leave();
      for (const attempt of waiting) attempt.end(result);
    }
    this.#lanes.delete(accountKey(account));
  }

  /** The event's own token, or the newest one that this process saw where the event has none of WeCom's. */
  #tokenFor({ corpId, openKfId }: Addressee, { syncToken }: PullCause): string {
    if (syncToken !== '' && !isMadeSyncToken(syncToken)) return syncToken;
    return this.syncTokens.find(corpId, openKfId) ?? '';
  }
}
