import { Injectable } from '@nestjs/common';
import { Deliveries, type LastTaken } from '../dispatch/line/deliveries.js';
import { type AttemptCounts, NO_ATTEMPTS, WIDTH } from '../dispatch/line/recent-attempts.js';
import type { Puppet } from '../registry/puppet.js';
import type { CallTrouble, ReplyFailure } from '../wecom/call-outcomes.js';
import { WecomMetrics } from '../wecom/wecom-metrics.js';
import type { Failure } from '../dispatch/queue/line.js';

export type AccountKey = Pick<Puppet, 'openKfId' | 'corpId'>;

/** Whose figures are asked for. */
export interface AskedFigures {
  readonly accounts: readonly AccountKey[];
  readonly addresses: readonly string[];
  readonly botIds: readonly string[];
  /** Of accounts only the counts: they are put in order by them, however many they are. */
  readonly isBrief: boolean;
  /** Also which accounts' replies fail there, or are of accounts that WeCom does not have. */
  readonly isFailing?: boolean;
  /** Also when an event of each of these was last taken. */
  readonly corpIds?: readonly string[];
}

/** What a process has seen of the replies of an account. */
export interface AccountReplies {
  /** When WeCom last took one. */
  readonly repliedAtMs: number | null;
  /** Why WeCom takes none now. */
  readonly replyFailure: ReplyFailure | null;
  /** That WeCom has no such account. */
  readonly noAccount: ReplyFailure | null;
}

/** What a process has seen of an account or a bot, which has no replies of its own. */
export interface SeenFigures extends AccountReplies {
  readonly lastHour: AttemptCounts;
  readonly taken: LastTaken | null;
  readonly failure: Failure | null;
}

/** In the order in which they were asked for; `null` where nothing was seen. */
export interface ToldFigures {
  readonly accounts: readonly (SeenFigures | null)[];
  readonly addresses: readonly (AttemptCounts | null)[];
  /** The last failed attempt at each address. An earlier version does not tell it. */
  readonly addressFailures?: readonly (Failure | null)[];
  readonly bots: readonly (SeenFigures | null)[];
  /** Of which no reply goes out, also since WeCom does not have them; told where it was asked for. */
  readonly failing?: readonly AccountKey[];
  /** When an event of each corp was last taken, store time; told where it was asked for. */
  readonly corps?: readonly (number | null)[];
}

const NO_REPLIES: AccountReplies = { repliedAtMs: null, replyFailure: null, noAccount: null };

/** Where more fail, the others are judged by what the replica that answers has seen alone. */
export const FAILING_MAX = 1_000;

/** What this process has seen. */
@Injectable()
export class OwnFigures {
  constructor(
    private readonly deliveries: Deliveries,
    private readonly wecom: WecomMetrics,
  ) {}

  /** Accounts of which no reply goes out. */
  get failing(): readonly CallTrouble[] {
    return this.wecom.failingAccounts;
  }

  /** Accounts that WeCom does not have. */
  get unknown(): readonly CallTrouble[] {
    return this.wecom.unknownAccounts;
  }

  repliesOf(account: AccountKey): AccountReplies {
    return {
      repliedAtMs: this.wecom.repliedAtMs(account.openKfId),
      replyFailure: this.wecom.replyFailure(account.openKfId),
      noAccount: this.wecom.noAccount(account),
    };
  }

  of({ accounts, addresses, botIds, isBrief, isFailing = false, corpIds }: AskedFigures): ToldFigures {
    const ofAddresses = addresses.map((address) => this.deliveries.ofEndpoint(address));
    return {
      accounts: accounts.map((account) => this.#ofAccount(account, isBrief)),
      addresses: ofAddresses.map(({ lastHour }) => (lastHour === NO_ATTEMPTS ? null : lastHour)),
      addressFailures: ofAddresses.map(({ failure }) => failure),
      bots: botIds.map((id) => {
        const { lastHour, taken, failure } = this.deliveries.ofBot(id);
        return taken === null && failure === null ? null : { lastHour, taken, failure, ...NO_REPLIES };
      }),
      ...(isFailing && { failing: toKeys([...this.failing, ...this.unknown]).slice(0, FAILING_MAX) }),
      ...(corpIds !== undefined && { corps: this.#ofCorps(corpIds) }),
    };
  }

  #ofCorps(corpIds: readonly string[]): readonly (number | null)[] {
    const takenAtMs = this.deliveries.lastTakenByCorp();
    return corpIds.map((corpId) => takenAtMs.get(corpId) ?? null);
  }

  #ofAccount(account: AccountKey, isBrief: boolean): SeenFigures | null {
    const { lastHour, taken, failure } = this.deliveries.lastOf(account);
    const replies = this.repliesOf(account);
    if ([taken, failure, ...Object.values(replies)].every((one) => one === null)) return null;
    return isBrief
      ? { lastHour, taken: null, failure: null, ...NO_REPLIES }
      : { lastHour, taken, failure, ...replies };
  }
}

export function toKeys(troubles: readonly CallTrouble[]): AccountKey[] {
  return troubles.flatMap(({ openKfId, corpId }) =>
    openKfId === null ? [] : [{ openKfId, corpId: corpId ?? '' }],
  );
}

/** @returns `null` for what this version did not tell. */
export function readToldFigures(
  answer: unknown,
  { accounts, addresses, botIds, corpIds = [] }: AskedFigures,
): ToldFigures | null {
  const told = answer as Partial<ToldFigures>;
  const isOf = (some: unknown, length: number, isOne: (one: never) => boolean) =>
    Array.isArray(some) && some.length === length && some.every((one) => one === null || isOne(one as never));
  const isSeen = ({ lastHour, taken, failure }: Partial<SeenFigures>) =>
    isCounts(lastHour) && isTimed(taken) && isTimed(failure);
  return isOf(told.accounts, accounts.length, isSeen) &&
    isOf(told.addresses, addresses.length, isCounts) &&
    (told.addressFailures === undefined || isOf(told.addressFailures, addresses.length, isTimed)) &&
    isOf(told.bots, botIds.length, isSeen) &&
    (told.failing === undefined || (Array.isArray(told.failing) && told.failing.every(isKey))) &&
    (told.corps === undefined || isOf(told.corps, corpIds.length, Number.isFinite))
    ? (told as ToldFigures)
    : null;
}

function isKey({ openKfId, corpId }: Partial<AccountKey>): boolean {
  return typeof openKfId === 'string' && typeof corpId === 'string';
}

/** Or there was none. */
function isTimed(one: { readonly atMs: number } | null | undefined): boolean {
  return one === null || Number.isFinite(one?.atMs);
}

function isCounts(counts: unknown): boolean {
  return Array.isArray(counts) && counts.length === WIDTH && counts.every(Number.isSafeInteger);
}
