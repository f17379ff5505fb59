import { Injectable } from '@nestjs/common';
import {
  type AskedTimes,
  Deliveries,
  type LastDeliveries,
  type SeenAttempts,
} from '../../dispatch/endpoint/deliveries.js';
import { hoursOf } from '../../dispatch/endpoint/hour-counts.js';
import { countsOf, sumOf } from '../../dispatch/endpoint/recent-attempts.js';
import { Arrivals, type BotArrivals, type CorpArrivals } from '../../dispatch/inline/arrivals.js';
import { accountKey, type Addressee } from '../../kernel/account.js';
import { StoreClock } from '../../kernel/store-clock.js';
import {
  type AccountReplies,
  failingCallers,
  type WecomOutcome,
  outcomeKey,
  together,
  toReplies,
} from '../../wecom/outcomes/outcome.js';
import { WecomMetrics } from '../../wecom/outcomes/wecom-metrics.js';
import { SEEN_KEPT_MS } from '../../record/seen-store.js';
import { SeenByOthers } from './seen-by-others.js';

/** What an account's bot took, as far as it asks for replies; see `AskedTimes`. */
export interface Taken extends AskedTimes {
  /** When it last took anything; 0 for never. */
  readonly atMs: number;
  /** Whether the manager has seen what its program reads from WeCom. */
  readonly isRead: boolean;
}

/** What all replicas have seen: this one until now, the others until a minute ago. */
@Injectable()
export class AllFigures {
  constructor(
    private readonly deliveries: Deliveries,
    private readonly wecom: WecomMetrics,
    private readonly others: SeenByOthers,
    private readonly storeClock: StoreClock,
    private readonly ownArrivals: Arrivals,
  ) {}

  /** Of all accounts at an address. */
  ofEndpoint(endpoint: string): LastDeliveries {
    return this.#together(this.deliveries.ofEndpoint(endpoint), this.others.addresses.of(endpoint));
  }

  deliveriesOf(account: Addressee): LastDeliveries {
    const seen = this.others.accounts.of(account.openKfId).filter(({ corpId }) => corpId === account.corpId);
    return this.#together(this.deliveries.lastOf(account), seen);
  }

  ofBot(id: string): LastDeliveries {
    return this.#together(this.deliveries.ofBot(id), this.others.bots.of(id));
  }

  /** When an event of each corp was last taken, store time. Scans all accounts. */
  takenByCorp(): ReadonlyMap<string, number> {
    const times = new Map(this.deliveries.lastTakenByCorp());
    for (const { corpId, eventTakenAtMs } of this.others.accounts.all())
      if (eventTakenAtMs > (times.get(corpId) ?? 0)) times.set(corpId, eventTakenAtMs);
    return times;
  }

  /** The keys of all accounts for which something was attempted, or that replied; some may be there twice. */
  *accountKeys(): Generator<string> {
    for (const account of this.deliveries.accounts()) yield accountKey(account);
    for (const { corpId, id: openKfId } of this.others.accounts.all()) yield accountKey({ corpId, openKfId });
    for (const outcomes of [this.wecom.outcomes.accounts(), this.others.replies.all()])
      for (const { corpId, openKfId } of outcomes)
        if (openKfId !== null) yield accountKey({ corpId, openKfId });
  }

  /** WeCom's last answer to replies, through any replica: they go out, they fail, or there is no such account. */
  repliesOf(account: Addressee): AccountReplies {
    const [replies, gone] = (['replies', 'account'] as const).map((subject) => {
      const seen = this.others.replies
        .of(account.openKfId)
        .filter((one) => one.subject === subject && one.corpId === account.corpId);
      const own = this.wecom.outcomes.ofAccount(subject, account);
      return together(own === null ? seen : [own, ...seen]);
    });
    return toReplies(replies ?? null, gone ?? null, this.storeClock.nowMs());
  }

  /** Of each caller what all replicas have seen of it. */
  callers(): readonly WecomOutcome[] {
    const all = [...this.wecom.outcomes.callers(), ...this.others.callers.all()];
    return [...Map.groupBy(all, outcomeKey).values()].flatMap((same) => together(same) ?? []);
  }

  failingCallers(): readonly WecomOutcome[] {
    return failingCallers(this.callers(), this.storeClock.nowMs());
  }

  /** What all processes were told by WeCom, and not told; and since when this one would have been told, store time. */
  arrivals(): {
    readonly bots: readonly BotArrivals[];
    readonly corps: readonly CorpArrivals[];
    readonly sinceMs: number;
  } {
    const { ownArrivals, others } = this;
    return {
      bots: [...ownArrivals.botsSince(0), ...others.botArrivals.all()],
      corps: [...ownArrivals.corpsSince(0), ...others.corpArrivals.all()],
      sinceMs: ownArrivals.sinceMs,
    };
  }

  /** What the account's bot took. */
  takenOf(account: Addressee): Taken {
    const others = this.others.accounts
      .of(account.openKfId)
      .filter(({ corpId }) => corpId === account.corpId);
    const own = this.deliveries.takenOf(account);
    const all = own === null ? others : [own, ...others];
    const reads = this.others.reads.of(account.openKfId).filter(({ corpId }) => corpId === account.corpId);
    const ownRead = this.wecom.read.of(account);
    const allReads = ownRead === null ? reads : [ownRead, ...reads];
    return {
      atMs: all.reduce((lastMs, { eventTakenAtMs }) => Math.max(lastMs, eventTakenAtMs), 0),
      messages: [
        ...all.flatMap(({ asked }) => asked?.messages ?? []),
        ...allReads.flatMap(({ messages }) => messages),
      ],
      events: all.flatMap(({ asked }) => asked?.events ?? []),
      isRead: allReads.some(({ readAtMs }) => this.storeClock.nowMs() - readAtMs < SEEN_KEPT_MS),
    };
  }

  /** How many events and messages the account's bot took in each of the last 24 hours, the oldest first. */
  hoursOf(account: Addressee): number[] {
    const others = this.others.accounts
      .of(account.openKfId)
      .filter(({ corpId }) => corpId === account.corpId);
    const all = [this.deliveries.takenOf(account), ...others].flatMap((one) => one?.hours ?? []);
    return hoursOf(all, this.storeClock.nowMs());
  }

  /** Until when all of this is known of all replicas; what happened later may be known of this one alone. */
  get knownUntilMs(): number {
    return this.others.knownUntilMs;
  }

  #together(own: LastDeliveries, others: readonly SeenAttempts[]): LastDeliveries {
    if (others.length === 0) return own;
    const nowMs = this.storeClock.nowMs();
    return {
      lastHour: sumOf([own.lastHour, ...others.map(({ slots }) => countsOf(slots, nowMs))]),
      taken: newest([own.taken, ...others.map(({ taken }) => taken)]),
      failure: newest([own.failure, ...others.map(({ failure }) => failure)]),
    };
  }
}

function newest<T extends { readonly atMs: number }>(some: readonly (T | null)[]): T | null {
  return some.reduce<T | null>(
    (last, one) => (one !== null && one.atMs > (last?.atMs ?? -1) ? one : last),
    null,
  );
}
