/** What calls to WeCom tell of a caller or an account: when it last went well, and what failed since. Pure. */

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

const NO_FAILURE = { failures: 0, sinceMs: 0, atMs: 0, why: '', unlistedAddress: undefined } as const;

export function wentWell(of: OutcomeOf, atMs: number): WecomOutcome {
  return { ...of, ...NO_FAILURE, okAtMs: atMs };
}

export function failedOnce(of: OutcomeOf, why: string, atMs: number, unlistedAddress?: string): WecomOutcome {
  return { ...of, okAtMs: 0, failures: 1, sinceMs: atMs, atMs, why, unlistedAddress };
}

export function outcomeKey({ subject, corpId, botId, openKfId, api }: OutcomeOf): string {
  return `${subject} ${corpId} ${botId ?? ''} ${openKfId ?? ''} ${api}`;
}

/**
 * The same of what another replica tells, who may tell it twice: failures of times that overlap may be the same ones. They count
 * as one more where the newest was not known.
 */
export function heardTogether(before: WecomOutcome, heard: WecomOutcome): WecomOutcome {
  const both = together(before, heard);
  const overlap = heard.sinceMs <= before.atMs && before.sinceMs <= heard.atMs;
  if (!overlap || both.failures <= Math.max(before.failures, heard.failures)) return both;
  const isNewer = heard.atMs > before.atMs;
  return { ...both, failures: Math.max(before.failures + Number(isNewer), heard.failures) };
}

/** Both together. What was heard of later counts as later, where both were in the same millisecond. */
export function together(before: WecomOutcome, heard: WecomOutcome): WecomOutcome {
  const okAtMs = Math.max(before.okAtMs, heard.okAtMs);
  const failed = [
    ...(before.failures > 0 && before.atMs > heard.okAtMs ? [before] : []),
    ...(heard.failures > 0 && heard.atMs >= before.okAtMs ? [heard] : []),
  ];
  const [first] = failed;
  if (first === undefined) return { ...heard, ...NO_FAILURE, okAtMs };
  const newest = failed.reduce((last, next) => (next.atMs >= last.atMs ? next : last), first);
  return {
    ...newest,
    okAtMs,
    failures: failed.reduce((sum, { failures }) => sum + failures, 0),
    sinceMs: Math.max(okAtMs, Math.min(...failed.map(({ sinceMs }) => sinceMs))),
  };
}
