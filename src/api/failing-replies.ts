import { Injectable } from '@nestjs/common';
import { Clock } from '../kernel/clock.js';
import { Recent } from '../kernel/recent.js';
import { Destinations } from '../registry/destination.js';
import { OtherReplicas } from '../stream/replicas/other-replicas.js';
import type { CallTrouble, ReplyFailure } from '../wecom/call-outcomes.js';
import { ASKED_AT_ONCE, FIGURES, NOTHING, repliesTogether } from './all-figures.js';
import {
  type AccountKey,
  FAILING_MAX,
  OwnFigures,
  readToldFigures,
  type AccountReplies,
  toKeys,
} from './own-figures.js';

/** Every open console asks for the status again after some seconds. */
const AGE_MS_MAX = 2_000;
/** The first view of the console waits for it. What comes later is told with the next one. */
const WAIT_MS = 50;
/** What others told before says something for so long, while they are slow. */
const STALE_MS = 10_000;

/** What others have seen of the accounts that fail here or there, by `openKfId`. */
type SeenByOthers = ReadonlyMap<
  string,
  { readonly corpId: string; readonly seen: readonly AccountReplies[] }
>;

/** Accounts of which no reply goes out. */
export interface AccountTroubles {
  readonly failing: readonly CallTrouble[];
  /** WeCom does not have them, and a bot here takes their events. */
  readonly unknown: readonly CallTrouble[];
}

/**
 * Accounts whose replies fail, as all replicas see it: what WeCom said last through any of them counts, be it that a reply
 * went out or that there is no such account. Their own pages say the same.
 */
@Injectable()
export class FailingReplies {
  readonly #asked: Recent<SeenByOthers>;
  #told: { readonly seen: SeenByOthers; readonly atMs: number } = { seen: new Map(), atMs: 0 };

  constructor(
    private readonly own: OwnFigures,
    private readonly others: OtherReplicas,
    private readonly destinations: Destinations,
    private readonly clock: Clock,
  ) {
    this.#asked = new Recent(clock, () => this.#ask());
  }

  async list(): Promise<AccountTroubles> {
    const seenByOthers = await this.#seenByOthers();
    const isSeenHereAlone = ({ openKfId }: CallTrouble) => !seenByOthers.has(openKfId ?? '');
    const failing = this.own.failing.filter(isSeenHereAlone);
    const unknown = this.own.unknown.filter(isSeenHereAlone);
    for (const [openKfId, { corpId, seen }] of seenByOthers) {
      const account = { openKfId, corpId };
      const { replyFailure, noAccount } = repliesTogether([this.own.repliesOf(account), ...seen]);
      if (replyFailure !== null) failing.push(toTrouble(account, replyFailure));
      if (noAccount !== null) unknown.push(toTrouble(account, noAccount));
    }
    return { failing, unknown: unknown.filter((account) => this.#hasTaker(account)) };
  }

  /** What a bot names by mistake is nobody's. */
  #hasTaker({ corpId, openKfId }: CallTrouble): boolean {
    return corpId !== null && openKfId !== null && this.destinations.find({ corpId, openKfId }).hasTaker;
  }

  async #seenByOthers(): Promise<SeenByOthers> {
    const asked = this.#asked.latest(AGE_MS_MAX);
    if (await this.clock.within(WAIT_MS, asked)) return asked;
    return this.clock.elapsedMs() - this.#told.atMs < STALE_MS ? this.#told.seen : new Map();
  }

  async #ask(): Promise<SeenByOthers> {
    const asked = { ...NOTHING, isFailing: true };
    const { answers } = await this.others.ask(`/${FIGURES}`, asked, (told) => readToldFigures(told, asked));
    const seen =
      answers.length === 0 ? new Map() : await this.#askOf(answers.flatMap(({ failing }) => failing ?? []));
    this.#told = { seen, atMs: this.clock.elapsedMs() };
    return seen;
  }

  async #askOf(failingThere: readonly AccountKey[]): Promise<SeenByOthers> {
    const here = toKeys([...this.own.failing, ...this.own.unknown]);
    const byId = new Map([...failingThere, ...here].map((key) => [key.openKfId, key]));
    const keys = [...byId.values()].slice(0, FAILING_MAX);
    const seenByOthers = new Map<string, { corpId: string; seen: AccountReplies[] }>();
    for (let at = 0; at < keys.length; at += ASKED_AT_ONCE) {
      const accounts = keys.slice(at, at + ASKED_AT_ONCE);
      const asked = { ...NOTHING, accounts };
      const { answers } = await this.others.ask(`/${FIGURES}`, asked, (told) => readToldFigures(told, asked));
      for (const [n, { openKfId, corpId }] of accounts.entries()) {
        const seen = answers.flatMap((told) => told.accounts[n] ?? []);
        seenByOthers.set(openKfId, { corpId, seen });
      }
    }
    return seenByOthers;
  }
}

function toTrouble({ openKfId, corpId }: AccountKey, { why, sinceMs }: ReplyFailure): CallTrouble {
  return { corpId: corpId === '' ? null : corpId, openKfId, operation: 'call', why, sinceMs };
}
