import type { Failure } from '../../queue/failure.js';
import type { Cause } from '../accounts/cause.js';
import { CAUSE_TABLE } from '../accounts/cause-table.js';
import type { TroubleWords } from './words.js';

/** What the words of a cause are made of. The console has it from the API, and notifications from their book. */
export type TroubleFacts = Pick<
  Cause,
  | 'code'
  | 'count'
  | 'why'
  | 'status'
  | 'unlistedAddress'
  | 'lateMin'
  | 'botName'
  | 'name'
  | 'address'
  | 'corpName'
  | 'corpId'
  | 'openKfId'
  | 'replica'
>;

export interface CauseText {
  readonly subject: string;
  readonly what: string;
  /** Empty where `callFault` has one of its own. */
  readonly remedy: string;
  /** Why calls to WeCom fail: `errcodes` has the remedy. */
  readonly callFault: string | null;
  /** How many, with their unit; empty where it is one thing. */
  readonly amount: string;
}

/** Without an answer of WeCom's own. */
const FAULTS: ReadonlySet<string> = new Set(['unreachable', 'status']);

/** A cause in plain words, for notifications and for the console. */
export function textOfCause(cause: TroubleFacts, words: TroubleWords): CauseText {
  const { amount, remedy } = words.causes.byCode[cause.code];
  const { isOfCalls = false } = CAUSE_TABLE[cause.code];
  const callFault = isOfCalls ? cause.why : null;
  return {
    subject: subjectOf(cause, words),
    what: whatOf(cause, isOfCalls, words),
    // What WeCom said has a remedy of its own.
    remedy:
      callFault === null || isUnknown(callFault, words)
        ? (remedyOfReason(cause, isOfCalls, words) ?? remedy)
        : '',
    callFault,
    amount: amount(cause.count),
  };
}

/** Whom it is about, by name. */
export function subjectOf(cause: TroubleFacts, { causes }: TroubleWords): string {
  const named =
    cause.botName ?? cause.name ?? cause.address ?? cause.corpName ?? cause.openKfId ?? cause.corpId;
  switch (CAUSE_TABLE[cause.code].subject) {
    case 'replica':
      return cause.replica ?? causes.replica;
    case 'store':
      return causes.store;
    case 'disk':
      return causes.disk;
    case 'corp':
      return cause.corpName ?? cause.corpId ?? causes.wecom;
    default:
      return named ?? (cause.code === 'refused' ? causes.wecom : causes.outbox);
  }
}

/** Whether it is an errcode that has no words here. */
function isUnknown(why: string, { errcodes }: TroubleWords): boolean {
  return !FAULTS.has(why) && !Object.hasOwn(errcodes, why);
}

/** A reason of a later version has no words here. */
function found<T>(known: Readonly<Record<string, T>>, why: string | null): T | undefined {
  return why !== null && Object.hasOwn(known, why) ? known[why] : undefined;
}

function whatOf(
  { code, why, status, unlistedAddress, lateMin }: TroubleFacts,
  isOfCalls: boolean,
  words: TroubleWords,
): string {
  const { agents, causes, errcodes, failures, refusals } = words;
  const { what } = causes.byCode[code];
  if (why === null) return what;
  if (code === 'agent_fails') return found(agents.results, why)?.what ?? what;
  if (code === 'refused') return causes.what(what, found(refusals.reasons, why)?.what ?? why);
  if (code === 'callbacks_missing')
    return causes.what(what, lateMin === null ? causes.silent : causes.late(lateMin));
  if (isOfCalls && why === 'unreachable') return causes.wecomUnreachable;
  if (isOfCalls && why === 'status') return causes.wecomStatus;
  const said = unlistedAddress ? causes.unlisted(unlistedAddress) : found(errcodes, why)?.what;
  // It says that WeCom refuses, in fewer words: a row has room for these.
  if (code === 'wecom_fails' && said !== undefined) return said;
  if (isOfCalls) return causes.what(what, said ?? why);
  if (!Object.hasOwn(failures, why)) return what;
  const failed = whatFailed({ stage: why as Failure['stage'], status }, words);
  // What else is said of these is that nothing is taken, which the failure says better.
  return code === 'dead' || code === 'dead_messages' ? causes.what(what, failed) : failed;
}

/** What an operator does because of the reason; `null` where that is not known. */
function remedyOfReason(
  { code, why }: TroubleFacts,
  isOfCalls: boolean,
  { agents, failures, refusals }: TroubleWords,
): string | null {
  if (isOfCalls) return null;
  if (code === 'agent_fails') return found(agents.results, why)?.remedy ?? null;
  if (code === 'refused') return found(refusals.reasons, why)?.remedy ?? null;
  return found(failures, why)?.remedy ?? null;
}

/** What happened to a delivery, in one line; with the number where the bot answered with an HTTP status. */
export function whatFailed(
  { stage, status }: { readonly stage: Failure['stage']; readonly status: number | null },
  { causes, failures }: Pick<TroubleWords, 'causes' | 'failures'>,
): string {
  return stage === 'status' && status !== null ? causes.httpError(status) : failures[stage].what;
}
