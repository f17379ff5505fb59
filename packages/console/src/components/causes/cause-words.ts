import type { CauseAnswer } from '../../api/answers.gen.js';
import { whatFailed } from '../../i18n/failure.js';
import { formatSince } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import type { Words } from '../../i18n/words.js';
import { PAGES, pathOf } from '../../shell/paths.js';

export interface CauseWords {
  /** Whom it is about, by name. */
  readonly subject: string;
  readonly what: string;
  readonly remedy: string;
  /** Why calls to WeCom fail: what it means is said after the remedy. */
  readonly callFault: string | null;
  /** Since when; empty where that is not known. */
  readonly since: string;
  /** How many, with their unit; empty where it is one thing. */
  readonly amount: string;
  /** The accounts that it concerns, a few by name; empty where there are none. */
  readonly accounts: string;
  readonly action: { readonly href: string; readonly text: string } | null;
}

/** Reasons that are of calls to WeCom, and not of a bot. */
const OF_CALLS: ReadonlySet<CauseAnswer['code']> = new Set([
  'wecom_fails',
  'replies_fail',
  'no_account',
  'token_refused',
  'bot_calls_fail',
]);

/** Without an answer of WeCom's own. */
const FAULTS: ReadonlySet<string> = new Set(['unreachable', 'status']);

/** These count events, messages or customers. */
const OF_CONTENTS: ReadonlySet<CauseAnswer['code']> = new Set([
  'dead_messages',
  'waiting_messages',
  'paused',
  'people_wait',
]);

const DEAD: ReadonlySet<CauseAnswer['code']> = new Set(['dead', 'dead_messages']);

/** A cause in plain words, and where to go because of it. */
export function wordsOfCause(cause: CauseAnswer): CauseWords {
  const { causes } = t();
  const { amount, remedy } = causes.byCode[cause.code];
  const isOfCalls = OF_CALLS.has(cause.code);
  const callFault = isOfCalls ? cause.why : null;
  return {
    subject: subjectOf(cause),
    what: whatOf(cause, isOfCalls),
    // What WeCom said has a remedy of its own.
    remedy: callFault === null || isUnknown(callFault) ? (remedyOfReason(cause, isOfCalls) ?? remedy) : '',
    callFault,
    since: cause.since === null ? '' : formatSince(cause.since),
    amount: isNamed(cause) ? '' : amount(cause.count),
    accounts: accountsOf([cause]),
    action: actionFor(cause),
  };
}

/** So many names stand in a row. */
const NAMES_MAX = 3;

/** Whether its accounts say how many it is about. */
function isNamed({ code, accounts = 0 }: CauseAnswer): boolean {
  return accounts > 0 && !OF_CONTENTS.has(code);
}

/** Of equal causes. */
export function accountsOf(causes: readonly CauseAnswer[]): string {
  const { several } = t().causes;
  const names = causes.flatMap(({ accountNames = [] }) => accountNames);
  return several(
    names.slice(0, NAMES_MAX),
    causes.reduce((sum, { accounts = 0 }) => sum + accounts, 0),
  );
}

/** Whom equal causes are about. */
export function subjectsOf(causes: readonly CauseAnswer[]): string {
  const names = [...new Set(causes.map(subjectOf))];
  return t().causes.several(names.slice(0, NAMES_MAX), names.length);
}

function subjectOf(cause: CauseAnswer): string {
  const { causes } = t();
  const named =
    cause.botName ?? cause.name ?? cause.address ?? cause.corpName ?? cause.openKfId ?? cause.corpId;
  switch (cause.code) {
    case 'not_ready':
    case 'not_taken':
      return causes.replica;
    case 'replica_away':
      return cause.replica ?? causes.replica;
    case 'store_down':
    case 'unknown':
      return causes.store;
    case 'wecom_fails':
    case 'calls_unanswered':
    case 'callbacks_missing':
      return cause.corpName ?? cause.corpId ?? causes.wecom;
    case 'refused':
      return named ?? causes.wecom;
    default:
      return named ?? causes.outbox;
  }
}

/** Whether it is an errcode that has no words here. */
function isUnknown(why: string): boolean {
  return !FAULTS.has(why) && !Object.hasOwn(t().errcodes, why);
}

function isAgentResult(why: string): why is keyof Words['agents']['results'] {
  return Object.hasOwn(t().agents.results, why);
}

function whatOf({ code, why, status, unlistedAddress, lateMin }: CauseAnswer, isOfCalls: boolean): string {
  const { agents, causes, errcodes, failures, refusals } = t();
  const { what } = causes.byCode[code];
  if (why === null) return what;
  if (code === 'agent_fails') return isAgentResult(why) ? agents.results[why].what : what;
  if (code === 'refused') return causes.what(what, refusals.reasons[why]?.what ?? why);
  if (code === 'callbacks_missing')
    return causes.what(what, lateMin === null ? causes.silent : causes.late(lateMin));
  if (isOfCalls && why === 'unreachable') return causes.wecomUnreachable;
  if (isOfCalls && why === 'status') return causes.wecomStatus;
  const said = unlistedAddress ? causes.unlisted(unlistedAddress) : errcodes[why]?.what;
  // It says that WeCom refuses, in fewer words: a row has room for these.
  if (code === 'wecom_fails' && said !== undefined) return said;
  if (isOfCalls) return causes.what(what, said ?? why);
  if (!Object.hasOwn(failures, why)) return what;
  const failed = whatFailed({ stage: why as keyof typeof failures, status }, t());
  // What else is said of these is that nothing is taken, which the failure says better.
  return DEAD.has(code) ? causes.what(what, failed) : failed;
}

/** What an operator does because of the reason; `null` where that is not known. */
function remedyOfReason({ code, why }: CauseAnswer, isOfCalls: boolean): string | null {
  const { agents, failures, refusals } = t();
  if (isOfCalls) return null;
  if (code === 'agent_fails') return why !== null && isAgentResult(why) ? agents.results[why].remedy : null;
  if (code === 'refused') return why === null ? null : (refusals.reasons[why]?.remedy ?? null);
  return why !== null && Object.hasOwn(failures, why) ? failures[why as keyof typeof failures].remedy : null;
}

/** The page on which it is mended. */
function actionFor(cause: CauseAnswer): CauseWords['action'] {
  const { causes } = t();
  const { code, botId, corpId, openKfId } = cause;
  switch (code) {
    case 'parked':
      return {
        href: corpId !== null && openKfId !== null ? pathOf.addBotFor(corpId, openKfId) : pathOf.addBot,
        text: causes.addBot,
      };
    case 'refused':
      // Bad ones have the Token's signature, so they are WeCom's, and the key is wrong.
      return cause.severity === 'bad' && corpId !== null
        ? { href: pathOf.connectAppOf(corpId), text: causes.connectApp }
        : { href: pathOf.refusedOf(corpId), text: causes.toRefused };
    case 'dead':
      return { href: pathOf.dead, text: causes.toDead };
    case 'dead_messages':
      return { href: pathOf.deadMessages, text: causes.toDead };
    case 'wecom_fails':
    case 'calls_unanswered':
      return { href: PAGES.wecomErrors, text: causes.toErrors };
    case 'callbacks_missing':
      return { href: PAGES.apps, text: causes.toApps };
    case 'not_ready':
    case 'not_taken':
    case 'replica_away':
    case 'store_down':
    case 'unknown':
    case 'unreadable':
      return null;
    default:
      // The account's page has its customers.
      if (typeof botId === 'string' && code !== 'people_wait')
        return { href: pathOf.bot(botId), text: causes.toBot };
      if (corpId !== null && openKfId !== null)
        return { href: pathOf.account(corpId, openKfId), text: causes.toAccount };
      if (code === 'bot_calls_fail') return { href: PAGES.wecomErrors, text: causes.toErrors };
      if (code === 'waiting') return { href: PAGES.waiting, text: causes.toWaiting };
      if (code === 'waiting_messages') return { href: pathOf.waitingMessages, text: causes.toWaiting };
      return { href: PAGES.accounts, text: causes.toAccounts };
  }
}
