import type { CauseAnswer } from '../../api/answers.gen.js';
import { whatFailed } from '../../i18n/failure.js';
import { t } from '../../i18n/language.js';
import { addressFilter } from './address-filter.js';

interface CauseLink {
  readonly to: string;
  readonly text: string;
}

export interface CauseWords {
  readonly title: string;
  readonly text?: string;
  /** Why calls to WeCom fail: its meaning is said after the text. */
  readonly callFault?: string;
  readonly link?: CauseLink | undefined;
}

/** A cause in plain words, and where to go because of it. */
export function wordsOfCause(cause: CauseAnswer): CauseWords {
  const { overview } = t();
  const { verdict } = overview;
  const { count, address } = cause;
  switch (cause.code) {
    case 'not_ready':
      return { title: verdict.notReady, text: verdict.notReadyText };
    case 'store_down':
      return { title: verdict.storeDown, text: verdict.storeDownText };
    case 'not_taken':
      return { title: verdict.notTaken(count), text: verdict.notTakenText };
    case 'wecom_fails':
      return wecomFails(cause);
    case 'calls_unanswered':
      return { title: verdict.unanswered(count), text: verdict.wecomFailsText };
    case 'replies_fail':
      return {
        title: verdict.repliesFail(count, cause.name),
        text: verdict.repliesFailText,
        callFault: cause.why ?? '',
        link: toReplies(cause),
      };
    case 'token_refused':
      return {
        title: verdict.tokenRefused(whoOf(cause)),
        text: verdict.tokenRefusedText,
        callFault: cause.why ?? '',
        link: toBot(cause) ?? undefined,
      };
    case 'silent':
      return {
        title: verdict.silent(count, cause.name),
        text: verdict.silentText,
        link: toBot(cause) ?? toReplies(cause),
      };
    case 'bot_calls_fail':
      return {
        title: verdict.botCallsFail(whoOf(cause)),
        text: verdict.botCallsFailText,
        callFault: cause.why ?? '',
        link: toBot(cause) ?? undefined,
      };
    case 'paused':
      return { title: verdict.paused(count), text: verdict.pausedText, link: toBot(cause) ?? undefined };
    case 'dead':
      return {
        title: verdict.dead(count, address),
        text: remedyOf(cause) ?? verdict.deadText,
        link: { to: '/console/outbox?state=dead', text: overview.toDead },
      };
    case 'dead_messages':
      return {
        title: verdict.deadMessages(count),
        text: verdict.deadMessagesText,
        link: { to: '/console/outbox/messages?state=dead', text: overview.toDead },
      };
    case 'waiting':
      return {
        title: verdict.waiting(cause.name ?? count, address),
        text: remedyOf(cause) ?? verdict.waitingText,
        link: toWaiting(cause),
      };
    case 'waiting_messages':
      return {
        title: verdict.waitingMessages(count),
        text: verdict.waitingMessagesText,
        link: { to: '/console/outbox/messages', text: overview.toOutbox },
      };
    case 'parked':
      return {
        title: verdict.parked(count, cause.corpId),
        text: t().failures.unregistered.remedy,
        link: { to: '/console/bots/add', text: overview.toBots },
      };
    case 'no_account':
      return {
        title: verdict.noAccount(count, cause.name),
        text: verdict.noAccountText,
        callFault: cause.why ?? '',
        link: toReplies(cause),
      };
    case 'refused':
      return { title: verdict.refused(count), text: verdict.refusedText };
    case 'circuits':
      return {
        title: verdict.circuits(count, address),
        link: toBot(cause) ?? toAccounts(null, addressFilter(cause)),
      };
    case 'unreadable':
      return { title: verdict.unreadable(count), text: verdict.unreadableText };
    case 'unknown':
      return { title: verdict.unknown, text: verdict.unknownText };
    default:
      return cause.code satisfies never;
  }
}

function whoOf({ botName, corpName, corpId }: CauseAnswer): string {
  return botName ?? corpName ?? corpId ?? '';
}

function wecomFails({ count, why }: CauseAnswer): CauseWords {
  const { verdict, toErrors } = t().overview;
  if (why === 'unreachable') return { title: verdict.wecomUnreachable, text: verdict.wecomFailsText };
  if (why === 'status') return { title: verdict.wecomStatus, text: verdict.wecomFailsText };
  const link = { to: '/console/wecom-errors', text: toErrors };
  return { title: verdict.wecomRefuses(count, why ?? ''), callFault: why ?? '', link };
}

/** What its bot did and what to do about it; `null` where that is not known. */
function remedyOf({ why, status }: CauseAnswer): string | null {
  const { failures, overview } = t();
  if (why === null || !(why in failures)) return null;
  const stage = why as keyof typeof failures;
  return overview.verdict.sentences(whatFailed({ stage, status }, t()), failures[stage].remedy);
}

function toWaiting(cause: CauseAnswer): CauseLink {
  const { openKfId, address } = cause;
  const bot = toBot(cause);
  if (bot !== null) return bot;
  if (openKfId !== null || address !== null) return toAccounts(openKfId, addressFilter(cause), 'waiting');
  return { to: '/console/outbox', text: t().overview.toOutbox };
}

/** An account that no puppet has registered has no name and no page. */
function toReplies({ openKfId, name }: CauseAnswer): CauseLink {
  if (openKfId === null || name !== null) return toAccounts(openKfId);
  const query = new URLSearchParams({ openKfId });
  return { to: `/console/wecom-errors?${query}`, text: t().overview.toErrors };
}

/** The page of the bot that an operator added; its accounts have none where no puppet has registered them. */
function toBot({ botId }: CauseAnswer): CauseLink | null {
  if (typeof botId !== 'string') return null;
  return { to: `/console/bots/${encodeURIComponent(botId)}`, text: t().overview.toBot };
}

/** Of one account, or of all at an address and in a state. */
function toAccounts(openKfId: string | null, address: string | null = null, state = ''): CauseLink {
  const { toAccount, toAccounts: text } = t().overview;
  if (openKfId !== null) return { to: `/console/kf-accounts/${openKfId}`, text: toAccount };
  const query = new URLSearchParams({
    ...(address !== null && { q: address }),
    ...(state !== '' && { state }),
  });
  return { to: `/console/kf-accounts${query.size === 0 ? '' : `?${query}`}`, text };
}
