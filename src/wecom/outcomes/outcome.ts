/**
 * What calls to WeCom tell of a caller or an account: when it last went well, and what failed since. Pure: a process notes its
 * own, writes them for the other replicas, and adds up all of them.
 */
import { ERRCODE, SENDS_OVER } from '../client/wecom-answer.js';

/**
 * Of an account: `replies`, whether they go out; `account`, whether WeCom has it. Of a caller, which is a bot by its key or else
 * the corp: `token`, whether WeCom gives it an access token and takes that; `gettoken` and `call`, whether WeCom answers it and
 * allows it; `api`, whether calls of one API go well that are no replies.
 */
export type Subject = 'replies' | 'account' | 'token' | 'gettoken' | 'call' | 'api';

/** Whom it is about. */
export interface OutcomeOf {
  readonly subject: Subject;
  readonly corpId: string;
  /** `null` for a caller without the key of a bot, and of an account. */
  readonly botId: string | null;
  /** `null` where the calls name none. */
  readonly openKfId: string | null;
  /** `''` unless the subject is `api`. */
  readonly api: string;
}

/** Plain JSON. Store time. */
export interface WecomOutcome extends OutcomeOf {
  /** When it last went well; 0 for never. */
  readonly okAtMs: number;
  /** How often it failed since. */
  readonly failures: number;
  /** When the first of them failed; 0 without one. */
  readonly sinceMs: number;
  /** When the newest one failed; 0 without one. */
  readonly atMs: number;
  /** Of the newest one: an errcode, `unreachable`, `status`, or `fail_type:` with that of a `msg_send_fail`. */
  readonly why: string;
  /** Of the newest one: the address that WeCom does not list, with 60020. Not in entries of earlier versions. */
  readonly unlistedAddress?: string | undefined;
}

/** A single failure may be an exception: it counts once there was no success for so long, or so often. */
const LASTING_MS = 10_000;
const LASTING_FAILURES = 3;

/** WeCom does not know the secret or the token, or does not allow the app what the call asks for. */
const OF_TOKEN: ReadonlySet<string> = new Set(
  [
    ERRCODE.secretInvalid,
    ERRCODE.corpIdInvalid,
    ERRCODE.tokenInvalid,
    ERRCODE.secretIllegal,
    ERRCODE.tokenExpired,
    // The API is not permitted to the app; the app is disabled; the token is of another app.
    ...[48002, 50003, 301002],
  ].map(String),
);
/** WeCom is busy, has had too many calls, or does not list the address: whatever the call says. */
const OF_CALLER: ReadonlySet<string> = new Set(
  [ERRCODE.busy, ERRCODE.tooFrequent, ERRCODE.tooManyAtOnce, ERRCODE.addressUnlisted].map(String),
);
/**
 * The customer may get no message now: the limit of 5, 48 hours, a session that ended or that a person has, no such customer. Of
 * a `msg_send_fail` the same (developer.work.weixin.qq.com/document/path/94670).
 */
const OF_CUSTOMER: ReadonlySet<string> = new Set([
  ...[40096, 95013, 95016, 95018, ...SENDS_OVER].map(String),
  ...[4, 5, 6, 10].map(toSendFailure),
]);
/** WeCom has no such account of the corp, so that no customer can write to it either. */
const OF_NO_ACCOUNT: ReadonlySet<string> = new Set(['95000', '95004']);

export const isOfToken = (why: string): boolean => OF_TOKEN.has(why);
export const isOfCaller = (why: string): boolean => OF_CALLER.has(why);
export const isOfNoAccount = (why: string): boolean => OF_NO_ACCOUNT.has(why);

export function toSendFailure(failType: number): string {
  return `fail_type:${failType}`;
}

/** Whether WeCom has said nothing, or nothing that is an answer of its API. */
export function isFault(why: string): boolean {
  return why === 'unreachable' || why === 'status';
}

export function outcomeKey({ subject, corpId, botId, openKfId, api }: OutcomeOf): string {
  return `${subject} ${corpId} ${botId ?? ''} ${openKfId ?? ''} ${api}`;
}

/** As several processes have seen the same. */
export function together(all: readonly WecomOutcome[]): WecomOutcome | null {
  const [first] = all;
  if (first === undefined || all.length === 1) return first ?? null;
  const okAtMs = Math.max(...all.map((one) => one.okAtMs));
  const failed = all.filter((one) => one.failures > 0 && one.atMs >= okAtMs);
  const newest = failed.reduce((last, one) => (one.atMs > last.atMs ? one : last), failed[0] ?? first);
  if (failed.length === 0)
    return { ...first, okAtMs, failures: 0, sinceMs: 0, atMs: 0, why: '', unlistedAddress: undefined };
  return {
    ...newest,
    okAtMs,
    failures: failed.reduce((sum, one) => sum + one.failures, 0),
    sinceMs: Math.max(okAtMs, Math.min(...failed.map((one) => one.sinceMs))),
  };
}

/** Whether it fails now, as far as is known: until it is seen to go well. */
export function isFailing({ subject, failures, sinceMs, why }: WecomOutcome, nowMs: number): boolean {
  if (failures === 0) return false;
  const isOften = failures >= LASTING_FAILURES;
  if (subject === 'replies') return isOften || !OF_CUSTOMER.has(why);
  if (subject === 'account') return true;
  return isOften || nowMs - sinceMs >= LASTING_MS;
}

/** What is known of the replies of an account. */
export interface AccountReplies {
  /** When WeCom last took one; `null` where none is known. */
  readonly repliedAtMs: number | null;
  /** Why WeCom takes none now. */
  readonly replyFailure: WecomOutcome | null;
  /** That WeCom has no such account. */
  readonly noAccount: WecomOutcome | null;
}

/** What WeCom said last counts; that it said nothing tells nothing of whether it has the account. */
export function toReplies(
  replies: WecomOutcome | null,
  account: WecomOutcome | null,
  nowMs: number,
): AccountReplies {
  const goneAtMs = account?.atMs ?? 0;
  const saidAtMs = Math.max(
    replies?.okAtMs ?? 0,
    replies === null || isFault(replies.why) ? 0 : replies.atMs,
  );
  const isFailingNow = replies !== null && replies.atMs > goneAtMs && isFailing(replies, nowMs);
  return {
    repliedAtMs: replies?.okAtMs || null,
    replyFailure: isFailingNow ? replies : null,
    noAccount: goneAtMs > saidAtMs ? account : null,
  };
}

/**
 * Callers whose calls fail now. That nobody answers is no caller's fault: it is over for all of them once WeCom has answered any.
 * @param outcomes of callers, each once.
 */
export function failingCallers(outcomes: readonly WecomOutcome[], nowMs: number): readonly WecomOutcome[] {
  const answeredAtMs = new Map<Subject, number>();
  for (const { subject, okAtMs } of outcomes)
    answeredAtMs.set(subject, Math.max(okAtMs, answeredAtMs.get(subject) ?? 0));
  return outcomes.filter(
    (one) => isFailing(one, nowMs) && !(isFault(one.why) && one.atMs < (answeredAtMs.get(one.subject) ?? 0)),
  );
}
