import type { FailureAnswer, HintAnswer, MessageAnswer } from '../../api/answers.gen.js';
import { dropHint, replayHint } from '../../api/hints.js';
import { dropMessage, replayMessage } from '../../api/messages.js';
import { formatDateTime } from '../../i18n/format.js';
import { t } from '../../i18n/language.js';
import { pathOf } from '../../shell/paths.js';
import { untriedWords } from './untried.js';

/** Whose answers are other ones once something was sent or dropped. */
export const TOUCHED = ['/api/v1/hints', '/api/v1/messages', '/api/v1/status', '/api/v1/accounts'];

/** When it is tried next: a moment, or words where there is none. */
export type Due = { readonly at: string } | { readonly text: string };

/** An event or a message that waits or is dead, as it was when it was seen. */
export interface WaitingRow {
  readonly key: string;
  readonly corpId: string;
  readonly openKfId: string;
  readonly name: string | null;
  /** By what it is called in what is said of it; never by what it says. */
  readonly label: string;
  readonly what: string;
  readonly isDead: boolean;
  readonly since: string;
  readonly attempts: string;
  readonly due: Due;
  readonly lastFailure: FailureAnswer | null;
  /** Its attempts. */
  readonly logHref: string;
  /** What is lost when it is dropped. */
  readonly lost: {
    readonly ask: string;
    readonly what: string;
    readonly gone: string;
    readonly told: string;
  };
  readonly replayed: string;
  readonly replay: () => Promise<unknown>;
  readonly drop: () => Promise<unknown>;
}

export function rowOfHint(hint: HintAnswer): WaitingRow {
  const { outbox } = t();
  const { corpId, openKfId, name, state, waitingSince, arrivedAt, lastFailure, attempts } = hint;
  const label = name || openKfId;
  return {
    key: `${corpId}/${openKfId}`,
    ...{ corpId, openKfId, name, label, lastFailure },
    what: outbox.eventsOf(hint.events),
    isDead: state === 'dead',
    since: waitingSince,
    attempts: untriedWords(hint, outbox) ?? outbox.attempts(attempts),
    due: dueOfHint(hint),
    logHref: pathOf.logOfAccount(openKfId),
    lost: {
      ask: outbox.dropAsk(label),
      what: outbox.dropWhat(openKfId, formatDateTime(arrivedAt)),
      gone: outbox.dropGone,
      told: outbox.dropped(label),
    },
    replayed: outbox.replayed(label),
    replay: () => replayHint(hint),
    drop: () => dropHint(hint),
  };
}

function dueOfHint({ isUnderWay, state, dueAt }: HintAnswer): Due {
  const { accounts, outbox } = t();
  if (isUnderWay) return { text: accounts.underWay };
  if (state === 'dead') return { text: outbox.dueNever };
  if (state === 'parked') return { text: outbox.dueWhenRegistered };
  return dueAt === null ? { text: outbox.dueNow } : { at: dueAt };
}

export function rowOfMessage(message: MessageAnswer): WaitingRow {
  const { messages, outbox } = t();
  const { corpId, openKfId, name, webhookId, type, origin, sentAt, dueAt, lastFailure } = message;
  const label = messages.nameOf(type, name || openKfId);
  return {
    key: webhookId,
    ...{ corpId, openKfId, name, label, lastFailure },
    what: `${type || messages.noType} ${messages.origins(origin)}`,
    isDead: message.state === 'dead',
    since: message.storedAt,
    attempts:
      message.refusals === 0
        ? outbox.attempts(message.attempts)
        : messages.attempts(message.attempts, message.refusals),
    due: dueAt === null ? { text: outbox.dueNever } : { at: dueAt },
    logHref: pathOf.logLike(webhookId),
    lost: {
      ask: messages.dropAsk(label),
      what: messages.dropWhat(openKfId, formatDateTime(sentAt)),
      gone: messages.dropGone,
      told: messages.dropped(label),
    },
    replayed: messages.replayed(label),
    replay: () => replayMessage(message),
    drop: () => dropMessage(message),
  };
}
