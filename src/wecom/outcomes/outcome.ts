/** Whether what calls to WeCom told of a caller or an account means that it fails now. Pure. */
import type { Addressee } from '../../kernel/account.js';
import type { Subject, WecomOutcome } from '../../log/outcome.js';
import type { Past } from '../../log/past.js';
import { ERRCODE, SENDS_OVER } from '../client/wecom-answer.js';

/** A single failure may be an exception: it counts once there was no success for so long, or so often. */
const LASTING_MS = 10_000;
const LASTING_FAILURES = 3;
/** A bot over WeCom's limits that has not called since may do so never again. */
const LIMITED_MS = 10 * 60_000;

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

/** Calls of a bot that the manager refused in WeCom's name, since they were too many. */
export function isLimited({ subject, failures, why }: WecomOutcome): boolean {
  return subject === 'api' && failures > 0 && why === String(ERRCODE.tooFrequent);
}

/** Whether it fails now, as far as is known: until it is seen to go well. */
export function isFailing(outcome: WecomOutcome, nowMs: number): boolean {
  const { subject, failures, sinceMs, atMs, why } = outcome;
  if (failures === 0 || (isLimited(outcome) && nowMs - atMs >= LIMITED_MS)) return false;
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

export function repliesOf(past: Past, { corpId, openKfId }: Addressee, nowMs: number): AccountReplies {
  const of = { corpId, openKfId, botId: null, api: '' };
  const [replies, account] = (['replies', 'account'] as const).map((subject) =>
    past.outcomeOf({ subject, ...of }),
  );
  return toReplies(replies ?? null, account ?? null, nowMs);
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
