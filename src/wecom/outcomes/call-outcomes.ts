/**
 * Whether WeCom answers the calls of each corp, and whether the replies of each account go out. The console's verdict, the
 * metrics and the alerts use this. It knows the calls of this process only. For each corp and account it remembers the newest
 * success, and since when calls have failed.
 */
import type { StoreClock } from '../../kernel/store-clock.js';
import { ERRCODE } from '../client/wecom-answer.js';
import type { WecomOperation } from './wecom-errors.js';

/** A failure that is older says nothing about now. */
export const FAILURE_LIFE_MS = 3_600_000;
/** One failed call may be an exception. A corp fails after this time without a success, or after this many failures. */
const LASTING_MS = 10_000;
const LASTING_FAILURES = 3;
const CORPS_MAX = 10_000;
const ACCOUNTS_MAX = 100_000;
/** A limit of its own, since a bot can name accounts that do not exist. */
const NO_ACCOUNTS_MAX = 10_000;

/** The APIs that send a message to a customer. The second one, for welcomes, does not name the account. */
const REPLIES: ReadonlySet<string> = new Set(['kf/send_msg', 'kf/send_msg_on_event']);

/** WeCom refuses every call of the corp or of this address. Any other errcode is about one call. */
const OF_CORP: ReadonlySet<number> = new Set([
  ERRCODE.busy,
  ERRCODE.secretInvalid,
  ERRCODE.corpIdInvalid,
  ERRCODE.tokenInvalid,
  ERRCODE.secretIllegal,
  ERRCODE.tokenExpired,
  ERRCODE.tooFrequent,
  // Too many parallel calls; the app has no permission, or is disabled; our address is not in the app's list.
  ...[45033, 48002, 50003, 60020],
]);
/**
 * This customer can get no message now: 5 were sent, 48 hours are over, the session has ended or is with a person, or the
 * customer does not exist.
 */
const OF_CUSTOMER: ReadonlySet<number> = new Set([40096, 95001, 95002, 95013, 95016, 95018]);
/** The corp has no such account. No customer can write to it either. */
const OF_NO_ACCOUNT: ReadonlySet<number> = new Set([95000, 95004]);

/** How a call ended. */
export interface EndedCall {
  readonly operation: WecomOperation;
  /** `null` when the token's corp is unknown. */
  readonly corpId: string | null;
  /** `''` for a token request. */
  readonly api: string;
  /** The account that sent the reply; `null` for other calls, and when the call does not name it. */
  readonly openKfId: string | null;
  /** `null` when the answer has none. */
  readonly errcode: number | null;
  /** Why there was no answer of WeCom; `null` when there was one. */
  readonly fault: CallFault | null;
}

/** `unreachable`: no answer, or only a part of one. `status`: an HTTP status of 400 or more. */
export type CallFault = 'unreachable' | 'status';

/** The calls of one corp or account that have failed since the last success. */
export interface CallTrouble {
  readonly corpId: string | null;
  /** `null` when it is about the whole corp. */
  readonly openKfId: string | null;
  readonly operation: WecomOperation;
  /** The errcode or the fault of the newest failure. */
  readonly why: string;
  /** When the first of these calls failed. */
  readonly sinceMs: number;
}

/** The replies of an account that have failed since the last one that went out. */
export interface ReplyFailure {
  /** The errcode or the fault of the newest failure. */
  readonly why: string;
  /** When the first of these replies failed. */
  readonly sinceMs: number;
  /** When the newest of them failed. */
  readonly atMs: number;
}

/** What this process knows about the replies of an account. */
export interface AccountReplies {
  /** When WeCom last accepted one; `null` when it has not. */
  readonly repliedAtMs: number | null;
  /** Why they fail now; `null` when they do not. */
  readonly replyFailure: ReplyFailure | null;
  /** Set when WeCom does not know the account. */
  readonly noAccount: ReplyFailure | null;
}

/** An account, and its corp; `null` when the corp is unknown. */
export interface ReplyingAccount {
  readonly openKfId: string;
  readonly corpId: string | null;
}

/** WeCom's answers that the corp has no such account. */
interface NoAccount extends ReplyFailure {
  /** `null` when the token's corp is unknown. */
  readonly corpId: string | null;
}

/** The last success, and the failures since then. Changed in place. */
interface Outcome {
  readonly corpId: string | null;
  readonly openKfId: string | null;
  readonly operation: WecomOperation;
  okAtMs: number | null;
  failures: number;
  failingSinceMs: number;
  failedAtMs: number;
  why: string;
  isLight: boolean;
}

type IsFailing = (outcome: Outcome, nowMs: number) => boolean;

export class CallOutcomes {
  readonly #corps = new Map<string, Outcome>();
  readonly #accounts = new Map<string, Outcome>();
  /** By account; each with the corp that WeCom refused last. */
  readonly #noAccounts = new Map<string, NoAccount>();
  #lastReplyAtMs: number | null = null;

  /** @param storeClock store time, since replicas compare the times of replies with each other. */
  constructor(private readonly storeClock: StoreClock) {}

  note(call: EndedCall): void {
    const { operation, corpId, errcode, fault } = call;
    if (corpId !== null) {
      const isRefused = errcode !== null && OF_CORP.has(errcode);
      const why = fault ?? (isRefused ? String(errcode) : null);
      this.#note(
        outcomeOf(this.#corps, CORPS_MAX, `${operation} ${corpId}`, { ...call, openKfId: null }),
        why,
      );
    }
    if (isReply(call.api) && call.openKfId !== null) this.#noteReply(call, call.openKfId);
  }

  /** When a reply of the account last went out through this process; `null` when none has. */
  repliedAtMs(openKfId: string): number | null {
    return this.#accounts.get(openKfId)?.okAtMs ?? null;
  }

  /** Why replies of the account fail now; `null` when they do not fail, or none passed through this process. */
  replyFailure(openKfId: string): ReplyFailure | null {
    const outcome = this.#accounts.get(openKfId);
    if (outcome === undefined || !isFailingNow(outcome, this.storeClock.nowMs(), isReplyFailing)) return null;
    const { why, failingSinceMs: sinceMs, failedAtMs: atMs } = outcome;
    return { why, sinceMs, atMs };
  }

  /** Since when WeCom has answered that the corp has no such account; `null` when it has not within the last hour. */
  noAccount({ openKfId, corpId }: ReplyingAccount): ReplyFailure | null {
    const known = this.#noAccounts.get(openKfId);
    if (known === undefined || isAnother(known.corpId, corpId) || !this.#isLately(known)) return null;
    const { why, sinceMs, atMs } = known;
    return { why, sinceMs, atMs };
  }

  /** When a reply of any account last went out; `null` when none has. */
  get lastReplyAtMs(): number | null {
    return this.#lastReplyAtMs;
  }

  /** Corps whose calls or token requests fail now. */
  failingCorps(): readonly CallTrouble[] {
    return this.#failing(this.#corps, isLasting);
  }

  /** Accounts whose replies fail now. */
  failingAccounts(): readonly CallTrouble[] {
    return this.#failing(this.#accounts, isReplyFailing);
  }

  /** Accounts that WeCom does not know. */
  unknownAccounts(): readonly CallTrouble[] {
    return [...this.#noAccounts]
      .filter(([, known]) => this.#isLately(known))
      .map(([openKfId, { corpId, why, sinceMs }]) => ({ corpId, openKfId, operation: 'call', why, sinceMs }));
  }

  /** The replies of each account that were seen at or after `sinceMs`, store time. Scans all accounts. */
  *repliesSince(sinceMs: number): Generator<ReplyingAccount & AccountReplies> {
    for (const [openKfId, { corpId, okAtMs, failedAtMs }] of this.#accounts) {
      const saidAtMs = this.#noAccounts.get(openKfId)?.atMs ?? 0;
      if (Math.max(okAtMs ?? 0, failedAtMs, saidAtMs) >= sinceMs) yield this.#toReplies({ openKfId, corpId });
    }
    for (const [openKfId, { corpId, atMs }] of this.#noAccounts)
      if (atMs >= sinceMs && !this.#accounts.has(openKfId)) yield this.#toReplies({ openKfId, corpId });
  }

  #toReplies(account: ReplyingAccount): ReplyingAccount & AccountReplies {
    return { ...account, ...this.repliesOf(account) };
  }

  repliesOf(account: ReplyingAccount): AccountReplies {
    return {
      repliedAtMs: this.repliedAtMs(account.openKfId),
      replyFailure: this.replyFailure(account.openKfId),
      noAccount: this.noAccount(account),
    };
  }

  /** Forgets the replies of the account. What is known about its corp stays. */
  forget(openKfId: string): void {
    this.#accounts.delete(openKfId);
    this.#noAccounts.delete(openKfId);
  }

  /** The accounts of the corp whose replies were seen. An account may be listed twice. */
  accountsOf(corpId: string): readonly string[] {
    return [...this.#accounts, ...this.#noAccounts].flatMap(([openKfId, known]) =>
      known.corpId === corpId ? [openKfId] : [],
    );
  }

  #noteReply(call: EndedCall, openKfId: string): void {
    const { errcode, fault } = call;
    const isSent = fault === null && errcode === 0;
    const known = this.#accounts.get(openKfId);
    // A caller of another corp may name the account. Only a success shows that the account is that corp's.
    const isOther = isAnother(known?.corpId ?? null, call.corpId);
    if (isOther && !isSent) return;
    const hasNone = errcode !== null && OF_NO_ACCOUNT.has(errcode);
    if (isOther) this.#accounts.delete(openKfId);
    if (hasNone) return this.#noteNoAccount(openKfId, call.corpId, String(errcode));
    if (fault === null && !isAnother(this.#noAccounts.get(openKfId)?.corpId ?? null, call.corpId))
      this.#noAccounts.delete(openKfId);
    const outcome = outcomeOf(this.#accounts, ACCOUNTS_MAX, openKfId, call);
    if (isSent) this.#lastReplyAtMs = this.storeClock.nowMs();
    this.#note(outcome, isSent ? null : (fault ?? String(errcode ?? 'unreachable')));
    outcome.isLight = errcode !== null && OF_CUSTOMER.has(errcode);
  }

  #noteNoAccount(openKfId: string, corpId: string | null, why: string): void {
    const atMs = this.storeClock.nowMs();
    const outcome = this.#accounts.get(openKfId);
    if (outcome !== undefined) outcome.failures = 0;
    const known = this.#noAccounts.get(openKfId);
    const isSame = known !== undefined && known.corpId === corpId && this.#isLately(known);
    if (known === undefined) makeRoom(this.#noAccounts, NO_ACCOUNTS_MAX);
    this.#noAccounts.set(openKfId, { corpId, why, sinceMs: isSame ? known.sinceMs : atMs, atMs });
  }

  #isLately({ atMs }: ReplyFailure): boolean {
    return this.storeClock.nowMs() - atMs < FAILURE_LIFE_MS;
  }

  /** @param why it failed; `null` when it went well. */
  #note(outcome: Outcome, why: string | null): void {
    const nowMs = this.storeClock.nowMs();
    if (why === null) {
      outcome.okAtMs = nowMs;
      outcome.failures = 0;
      return;
    }
    if (outcome.failures === 0 || nowMs - outcome.failedAtMs >= FAILURE_LIFE_MS) {
      outcome.failures = 0;
      outcome.failingSinceMs = nowMs;
    }
    outcome.failures++;
    outcome.failedAtMs = nowMs;
    outcome.why = why;
  }

  #failing(outcomes: ReadonlyMap<string, Outcome>, isFailing: IsFailing): readonly CallTrouble[] {
    const nowMs = this.storeClock.nowMs();
    const troubles: CallTrouble[] = [];
    for (const outcome of outcomes.values()) {
      const { corpId, openKfId, operation, why, failingSinceMs: sinceMs } = outcome;
      if (isFailingNow(outcome, nowMs, isFailing))
        troubles.push({ corpId, openKfId, operation, why, sinceMs });
    }
    return troubles;
  }
}

/** Whether both corps are known and differ. The corp of a token may be unknown. */
function isAnother(one: string | null, other: string | null): boolean {
  return one !== null && other !== null && one !== other;
}

export function isReply(api: string): boolean {
  return REPLIES.has(api.toLowerCase());
}

function isFailingNow(outcome: Outcome, nowMs: number, isFailing: IsFailing): boolean {
  const { failures, failedAtMs } = outcome;
  return failures > 0 && nowMs - failedAtMs < FAILURE_LIFE_MS && isFailing(outcome, nowMs);
}

function isReplyFailing({ isLight, failures }: Outcome): boolean {
  return !isLight || failures >= LASTING_FAILURES;
}

function isLasting({ failures, failingSinceMs }: Outcome, nowMs: number): boolean {
  return failures >= LASTING_FAILURES || nowMs - failingSinceMs >= LASTING_MS;
}

/** A further entry replaces the one that was added first. */
function makeRoom(seen: Map<string, unknown>, max: number): void {
  const [first] = seen.size >= max ? seen.keys() : [];
  if (first !== undefined) seen.delete(first);
}

function outcomeOf(
  outcomes: Map<string, Outcome>,
  max: number,
  key: string,
  { corpId, openKfId, operation }: Pick<EndedCall, 'corpId' | 'openKfId' | 'operation'>,
): Outcome {
  const known = outcomes.get(key);
  if (known !== undefined) return known;
  makeRoom(outcomes, max);
  const outcome: Outcome = {
    corpId,
    openKfId,
    operation,
    okAtMs: null,
    failures: 0,
    failingSinceMs: 0,
    failedAtMs: 0,
    why: '',
    isLight: false,
  };
  outcomes.set(key, outcome);
  return outcome;
}
