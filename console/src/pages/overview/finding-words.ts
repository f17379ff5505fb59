import type { StatusAnswer } from '../../api/answers.gen.js';
import type { Tone } from '../../components/chip.js';
import { formatSeconds } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import type { Finding } from './verdict.js';

export interface FindingWords {
  readonly tone: Tone;
  readonly title: string;
  readonly text?: string;
  readonly link?: { readonly to: string; readonly text: string };
}

/** A finding in plain words, and where to go because of it. */
export function wordsOf(finding: Finding, status: StatusAnswer): FindingWords {
  const { overview } = t();
  const { verdict } = overview;
  const { counts, lastMinute, oldestWaitingAgeS } = status;
  const accounts = { to: '/console/kf-accounts', text: overview.toAccounts };
  const waiting = { to: '/console/outbox', text: overview.toOutbox };
  switch (finding) {
    case 'notReady':
      return { tone: 'bad', title: verdict.notReady, text: verdict.notReadyText };
    case 'storeDown':
      return { tone: 'bad', title: verdict.storeDown, text: verdict.storeDownText };
    case 'notTaken':
      return { tone: 'bad', title: verdict.notTaken(lastMinute.notTaken), text: verdict.notTakenText };
    case 'dead':
      return {
        tone: 'bad',
        title: verdict.dead(counts.dead ?? 0),
        text: verdict.deadText,
        link: { to: '/console/outbox?state=dead', text: overview.toDead },
      };
    case 'deadMessages':
      return {
        tone: 'bad',
        title: verdict.deadMessages(counts.deadMessages ?? 0),
        text: verdict.deadMessagesText,
        link: { to: '/console/outbox/messages?state=dead', text: overview.toDead },
      };
    case 'waitingMessages':
      return {
        tone: 'wait',
        title: verdict.waitingMessages(
          counts.waitingMessages ?? 0,
          formatSeconds(status.oldestMessageAgeS ?? 0),
        ),
        text: verdict.waitingMessagesText,
        link: { to: '/console/outbox/messages', text: overview.toOutbox },
      };
    case 'waiting':
      return {
        tone: 'wait',
        title: verdict.waiting(counts.waiting ?? 0, formatSeconds(oldestWaitingAgeS ?? 0)),
        text: verdict.waitingText,
        link: waiting,
      };
    case 'refused':
      return { tone: 'wait', title: verdict.refused(lastMinute.refused), text: verdict.refusedText };
    case 'circuits':
      return { tone: 'wait', title: verdict.circuits(counts.openCircuits), link: accounts };
    case 'unreadable':
      return {
        tone: 'wait',
        title: verdict.unreadable(counts.unreadable ?? 0),
        text: verdict.unreadableText,
      };
    case 'parked':
      return { tone: 'wait', title: verdict.parked(counts.parked ?? 0), link: waiting };
    case 'unknown':
      return { tone: 'wait', title: verdict.unknown, text: verdict.unknownText };
    case 'empty':
      return {
        tone: 'quiet',
        title: verdict.empty,
        text: verdict.emptyText,
        link: { to: '/console/apps/connect', text: overview.toApps },
      };
    case 'quiet':
      return {
        tone: 'quiet',
        title: verdict.quiet,
        text: verdict.quietText(counts.accounts),
        link: accounts,
      };
    case 'answered':
      return {
        tone: 'good',
        title: verdict.answered,
        text: verdict.answeredText(counts.accounts),
        link: accounts,
      };
    default:
      return finding satisfies never;
  }
}
