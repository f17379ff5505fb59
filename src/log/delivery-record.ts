/**
 * What the delivery log holds: one record for each callback that was answered, for each attempt that ended, for each kept
 * event or message that was given up, discarded or, as a new event, sent again, and for each welcome. Records are appended and
 * never changed. A story is put together when it is read. No record holds the content of an event, what a customer is told, a
 * sync token, or the query of a bot's URL.
 */
import { REPLICA } from '../kernel/replica.js';
import { roundMs } from '../kernel/round-ms.js';
import type { Signs } from './signs.js';

export const RECORD_KINDS = [
  /** A callback was answered. */
  'callback',
  /** An attempt ended. */
  'attempt',
  /** What was kept will not be delivered, or not under this webhook-id. */
  'end',
  /** WeCom took or refused a text for the customer. */
  'text',
] as const;
export type DeliveryRecordKind = (typeof RECORD_KINDS)[number];

export const RECORD_OUTCOMES = [
  /** The bot took it. */
  'taken',
  /** It was stored, to be delivered later. */
  'kept',
  /**
   * The bot did not take it. For a callback: it was not stored either, and WeCom was told to send it again. For a text: WeCom
   * refused it.
   */
  'not_taken',
  /** No bot gets events of this kind, or of this account. */
  'ignored',
  /** The callback was not accepted. */
  'refused',
  /** The manager could not handle the callback. */
  'failed',
  /** Given up. */
  'dead',
  /** An event inside the messages, such as a customer who enters: the bot refused it each time, and gets what is behind it. */
  'passed_over',
  /** An operator discarded it, or people serve the account now. */
  'dropped',
  /** A message to people: they had the customer. */
  'people',
  /** A message that asked for people: the customer was moved to them, or told why not. */
  'handed_over',
  /** The manager welcomed the customer. */
  'welcome',
  /** An operator sent it again: it goes on as a new event, with a webhook-id of its own. */
  'replayed',
] as const;
export type RecordOutcome = (typeof RECORD_OUTCOMES)[number];

/** Why a bot does not get a message of a customer whom it shares with people. */
export type WithheldOutcome = Extract<RecordOutcome, 'people' | 'handed_over'>;

export const RECORD_FORMS = ['encrypted', 'decrypted', 'message', 'verification'] as const;
export type RecordForm = (typeof RECORD_FORMS)[number];

export interface DeliveryRecord {
  /** `signs`: what is in the log for other replicas alone, and is not listed. */
  readonly kind: DeliveryRecordKind | 'signs';
  /** When it ended, store time. */
  readonly atMs: number;
  /** `null` where a refused callback named none. */
  readonly corpId: string | null;
  readonly openKfId: string | null;
  /** What links the records of one story; `null` where a callback could not be opened. */
  readonly webhookId: string | null;
  readonly outcome: RecordOutcome;
  /** In which form the callback came, or the attempt was sent; `message` also for the end of a message. */
  readonly form: RecordForm | null;
  /** Why the attempt was made; `null` unless it is one. */
  readonly occasion: string | null;
  /** The number of the attempt, counted from 1. For a callback: how many attempts were made before its answer. */
  readonly attempt: number;
  /** Where the attempt went, without query. */
  readonly endpoint: string | null;
  /** To which bot; `null` for a puppet that registered with no bot's key. */
  readonly botId: string | null;
  /** A customer's message asks for a reply. An event may stand for one; `null` for what nobody has to answer. */
  readonly asks: 'message' | 'event' | null;
  /** What the bot answered; `null` also where it is taken without that its service was asked. */
  readonly status: number | null;
  /** Where a delivery failed, or why it was kept. */
  readonly stage: string | null;
  /** In words; for a refused callback, the error code; for a refused text, the errcode. */
  readonly reason: string | null;
  readonly durationMs: number;
  /** The address that a refused or failed callback came from. */
  readonly source: string | null;
  /** The only attempt of a callback, if it took the event. It then has no record of its own. */
  readonly onlyAttempt: OnlyAttempt | null;
}

/** What differs between an attempt and its callback. */
export type OnlyAttempt = Pick<
  DeliveryRecord,
  'atMs' | 'form' | 'endpoint' | 'botId' | 'asks' | 'durationMs'
>;

/** A record as it is kept. */
export interface LoggedRecord extends DeliveryRecord {
  /** Unique across all replicas. Sorts by time. */
  readonly id: string;
  /** The process that wrote it. */
  readonly replica: string;
  /** `null` unless it is of this kind. */
  readonly signs: Signs | null;
}

/** A longer attempt may end after its callback was answered. The record of the callback then does not say how it ended. */
const MAY_OUTLAST_MS = 1_000;

/** Whether the record is listed by itself. For the others, the record of their callback tells the outcome. */
export function isRow({ kind, occasion, durationMs }: DeliveryRecord): boolean {
  if (kind === 'signs') return false;
  return kind !== 'attempt' || occasion !== 'inline' || durationMs >= MAY_OUTLAST_MS;
}

/** Puts each `onlyAttempt` before its callback, as a record with the same id. */
export function withAttempts(records: readonly LoggedRecord[]): LoggedRecord[] {
  return records.flatMap((record) => {
    const { onlyAttempt } = record;
    if (onlyAttempt === null) return [record];
    const attempt = {
      ...record,
      ...onlyAttempt,
      kind: 'attempt',
      occasion: 'inline',
      onlyAttempt: null,
    } as const;
    return [attempt, { ...record, onlyAttempt: null }];
  });
}

/** The fields of requests, empty in all other records. */
const NO_REQUEST = {
  form: null,
  occasion: null,
  endpoint: null,
  botId: null,
  asks: null,
  status: null,
  source: null,
  onlyAttempt: null,
} as const;

/** How a kept event or message ended. */
type Ended = Pick<
  DeliveryRecord,
  'atMs' | 'corpId' | 'openKfId' | 'webhookId' | 'attempt' | 'stage' | 'reason'
>;

/** The record of an event or message that ends under this webhook-id. @param sinceMs when it was kept. */
export function toEnd(
  outcome: 'dead' | 'passed_over' | 'dropped' | 'replayed' | WithheldOutcome,
  ended: Ended,
  sinceMs: number,
): DeliveryRecord {
  return {
    kind: 'end',
    outcome,
    ...ended,
    ...NO_REQUEST,
    durationMs: Math.max(0, ended.atMs - sinceMs),
  };
}

/** The record of a welcome. @param errcode what WeCom answered. */
export function toWelcome(
  sent: Pick<DeliveryRecord, 'atMs' | 'corpId' | 'openKfId' | 'webhookId' | 'durationMs'>,
  errcode: number,
): DeliveryRecord {
  const isSent = errcode === 0;
  return {
    kind: 'text',
    outcome: isSent ? 'welcome' : 'not_taken',
    ...sent,
    ...NO_REQUEST,
    attempt: 0,
    stage: null,
    reason: isSent ? null : `errcode ${errcode}`,
  };
}

/** After an event with one of these outcomes, no earlier event of its account waits. */
export const ENDINGS: readonly RecordOutcome[] = ['taken', 'dead', 'dropped'];

/** The forms that are no events. Messages wait apart from events. */
export const NO_EVENT_FORMS: readonly RecordForm[] = ['message', 'verification'];

/** Whether the record shows that no earlier event of the account waits any more. */
export function isEnding({ outcome, form }: DeliveryRecord): boolean {
  return ENDINGS.includes(outcome) && (form === null || !NO_EVENT_FORMS.includes(form));
}

/** The record as it is kept. @param onlyAttempt replaces the record's own. */
export function toLogged(id: string, record: DeliveryRecord, onlyAttempt = record.onlyAttempt): LoggedRecord {
  const { kind, atMs, corpId, openKfId, webhookId, outcome, form, occasion, attempt, endpoint } = record;
  const { botId, asks, status, stage, reason, source } = record;
  // Named one by one: a spread takes several times as long, and all records pass here.
  return {
    id,
    replica: REPLICA,
    kind,
    atMs,
    corpId,
    openKfId,
    webhookId,
    outcome,
    form,
    occasion,
    attempt,
    endpoint,
    botId,
    asks,
    status,
    stage,
    reason,
    durationMs: roundMs(record.durationMs),
    source,
    onlyAttempt,
    signs: null,
  };
}

/** An outcome that no other record has: by its index signs are found at the start. */
export const SIGNS_OUTCOME = 'signs' as RecordOutcome;

/** The record of signs that are written at this time. */
export function toSignRecord(id: string, atMs: number, signs: Signs): LoggedRecord {
  return {
    id,
    replica: REPLICA,
    kind: 'signs',
    atMs,
    outcome: SIGNS_OUTCOME,
    attempt: 0,
    durationMs: 0,
    signs,
    corpId: null,
    openKfId: null,
    webhookId: null,
    stage: null,
    reason: null,
    ...NO_REQUEST,
  };
}

/** The query of a bot's URL may have a key. */
export function withoutQuery(url: string): string {
  const at = url.indexOf('?');
  return at === -1 ? url : url.slice(0, at);
}

/** When the attempt began: the same of a record that was written and read. */
export function beganMsOf({ atMs, durationMs }: Pick<DeliveryRecord, 'atMs' | 'durationMs'>): number {
  return Math.floor(atMs - roundMs(durationMs));
}
