import type { CauseAnswer } from '../../api/answers.gen.js';
import { t } from '../../i18n/language.js';
import { formatSince } from '../../i18n/format.js';
import { PAGES, pathOf } from '../../shell/paths.js';
import { type CauseText, subjectOf, textOfCause } from '../../../../../src/insight/words/cause-text.js';

export interface CauseWords extends CauseText {
  /** Since when; empty where that is not known. */
  readonly since: string;
  /** The accounts that it concerns, a few by name; empty where there are none. */
  readonly accounts: string;
  readonly action: { readonly href: string; readonly text: string } | null;
}

/** These count events, messages or customers. */
const OF_CONTENTS: ReadonlySet<CauseAnswer['code']> = new Set([
  'dead_messages',
  'waiting_messages',
  'paused',
  'people_wait',
  'customers_unanswered',
]);

/** A cause in plain words, and where to go because of it. */
export function wordsOfCause(cause: CauseAnswer): CauseWords {
  const text = textOfCause(cause, t());
  return {
    ...text,
    since: cause.since === null ? '' : formatSince(cause.since),
    amount: isNamed(cause) ? '' : text.amount,
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
  const names = [...new Set(causes.map((cause) => subjectOf(cause, t())))];
  return t().causes.several(names.slice(0, NAMES_MAX), names.length);
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
    case 'disk_full':
    case 'disk_low':
    case 'unknown':
    case 'unreadable':
      return null;
    default:
      // The account's page has its customers.
      if (typeof botId === 'string' && code !== 'people_wait' && code !== 'customers_unanswered')
        return { href: pathOf.bot(botId), text: causes.toBot };
      if (corpId !== null && openKfId !== null)
        return { href: pathOf.account(corpId, openKfId), text: causes.toAccount };
      if (code === 'bot_calls_fail') return { href: PAGES.wecomErrors, text: causes.toErrors };
      if (code === 'waiting') return { href: PAGES.waiting, text: causes.toWaiting };
      if (code === 'waiting_messages') return { href: pathOf.waitingMessages, text: causes.toWaiting };
      return { href: PAGES.accounts, text: causes.toAccounts };
  }
}
