import type { CauseAnswer } from '../../api/answers.gen.js';
import { t } from '../../i18n/language.js';
import { formatSince } from '../../i18n/format.js';
import { PAGES, pathOf } from '../../shell/paths.js';
import { CAUSE_TABLE } from '../../../../../src/insight/accounts/cause-table.js';
import { type CauseText, subjectOf, textOfCause } from '../../../../../src/insight/words/cause-text.js';

export interface CauseWords extends CauseText {
  /** Since when; empty where that is not known. */
  readonly since: string;
  /** The accounts that it concerns, a few by name; empty where there are none. */
  readonly accounts: string;
  readonly action: { readonly href: string; readonly text: string } | null;
}

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
  return accounts > 0 && CAUSE_TABLE[code].sums !== 'contents';
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
  const { code, severity, botId, corpId, openKfId } = cause;
  const { page, list } = CAUSE_TABLE[code];
  const account = corpId !== null && openKfId !== null ? ([corpId, openKfId] as const) : null;
  switch (page) {
    case 'none':
      return null;
    case 'addBot':
      return { href: account ? pathOf.addBotFor(...account) : pathOf.addBot, text: causes.addBot };
    case 'refused':
      // Bad ones have the Token's signature, so they are WeCom's, and the key is wrong.
      return severity === 'bad' && corpId !== null
        ? { href: pathOf.connectAppOf(corpId), text: causes.connectApp }
        : { href: pathOf.refusedOf(corpId), text: causes.toRefused };
    case 'dead':
      return { href: pathOf.dead, text: causes.toDead };
    case 'deadMessages':
      return { href: pathOf.deadMessages, text: causes.toDead };
    case 'errors':
      return { href: PAGES.wecomErrors, text: causes.toErrors };
    case 'apps':
      return { href: PAGES.apps, text: causes.toApps };
    case 'account':
      return toAccount(account);
    case undefined:
      if (typeof botId === 'string') return { href: pathOf.bot(botId), text: causes.toBot };
      return account === null ? toList(list) : toAccount(account);
    default:
      return page satisfies never;
  }
}

function toAccount(account: readonly [corpId: string, openKfId: string] | null): CauseWords['action'] {
  if (account === null) return toList(undefined);
  return { href: pathOf.account(...account), text: t().causes.toAccount };
}

function toList(list: (typeof CAUSE_TABLE)[CauseAnswer['code']]['list']): CauseWords['action'] {
  const { causes } = t();
  switch (list) {
    case 'errors':
      return { href: PAGES.wecomErrors, text: causes.toErrors };
    case 'waiting':
      return { href: PAGES.waiting, text: causes.toWaiting };
    case 'waitingMessages':
      return { href: pathOf.waitingMessages, text: causes.toWaiting };
    case undefined:
      return { href: PAGES.accounts, text: causes.toAccounts };
    default:
      return list satisfies never;
  }
}
