/**
 * What the delivery log holds: one record for each callback that was answered, each attempt that ended, and each end of
 * what was kept. Records are appended and never changed; a story is put together when it is read. They hold nothing of what
 * an event says, no sync token and no query of a bot's URL.
 */
import { REPLICA } from '../kernel/replica.js';
import { roundMs } from '../kernel/round-ms.js';

export const RECORD_KINDS = [
  /** A callback was answered. */
  'callback',
  /** An attempt ended. */
  'attempt',
  /** What was kept will not be delivered. */
  'end',
] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

export const RECORD_OUTCOMES = [
  /** The bot took it. */
  'taken',
  /** It was stored, to be delivered later. */
  'kept',
  /** The bot did not take it; of a callback: nor was it stored, and WeCom was told to send it again. */
  'not_taken',
  /** No bot gets events of this kind, or of this account. */
  'ignored',
  /** The callback was not accepted. */
  'refused',
  /** The manager could not handle the callback. */
  'failed',
  /** Given up. */
  'dead',
  /** An operator discarded it, or people serve the account now. */
  'dropped',
] as const;
export type RecordOutcome = (typeof RECORD_OUTCOMES)[number];

export const RECORD_FORMS = ['encrypted', 'decrypted', 'message', 'verification'] as const;
export type RecordForm = (typeof RECORD_FORMS)[number];

export interface DeliveryRecord {
  readonly kind: RecordKind;
  /** When it ended, store time. */
  readonly atMs: number;
  /** `null` where a refused callback named none. */
  readonly corpId: string | null;
  readonly openKfId: string | null;
  /** What links the records of one story; `null` where a callback could not be opened. */
  readonly webhookId: string | null;
  readonly outcome: RecordOutcome;
  /** In which form the callback came, or the attempt was sent. */
  readonly form: RecordForm | null;
  /** Why the attempt was made; `null` unless it is one. */
  readonly occasion: string | null;
  /** Counted from 1. Of a callback, how many were made before its answer. */
  readonly attempt: number;
  /** Where the attempt went, without query. */
  readonly endpoint: string | null;
  /** What the bot answered. */
  readonly status: number | null;
  /** Where a delivery failed, or why it was kept. */
  readonly stage: string | null;
  /** In words; of a refused callback the error code. */
  readonly reason: string | null;
  readonly durationMs: number;
  /** The address that a refused or failed callback came from. */
  readonly source: string | null;
  /** Of a callback whose event was taken by its only attempt, which then has no record of its own. */
  readonly onlyAttempt: OnlyAttempt | null;
}

/** What the record of an attempt says besides what the one of its callback says. */
export type OnlyAttempt = Pick<DeliveryRecord, 'form' | 'endpoint' | 'durationMs'>;

/** A record as it is kept. */
export interface LoggedRecord extends DeliveryRecord {
  /** Unique across all replicas. Sorts by time. */
  readonly id: string;
  /** The process that wrote it. */
  readonly replica: string;
}

/** An attempt that goes on for so long may outlast the answer of its callback, which then does not tell how it ended. */
const MAY_OUTLAST_MS = 1_000;

/** Whether it is listed by itself. Of the others the record of their callback tells the outcome. */
export function isRow({ kind, occasion, durationMs }: DeliveryRecord): boolean {
  return kind !== 'attempt' || occasion !== 'inline' || durationMs >= MAY_OUTLAST_MS;
}

/** @returns the records with one for each attempt, which has the id of its callback where it is kept with it. */
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

/** What is said of the end of an event or a message that was kept. */
type Ended = Pick<
  DeliveryRecord,
  'atMs' | 'corpId' | 'openKfId' | 'webhookId' | 'attempt' | 'stage' | 'reason'
>;

/** It will not be delivered. @param sinceMs when it was kept. */
export function toEnd(outcome: 'dead' | 'dropped', ended: Ended, sinceMs: number): DeliveryRecord {
  return {
    kind: 'end',
    outcome,
    ...ended,
    ...{ form: null, occasion: null, endpoint: null, status: null, source: null, onlyAttempt: null },
    durationMs: Math.max(0, ended.atMs - sinceMs),
  };
}

/** Outcomes of an event after which none waits that came to its account before. */
export const ENDINGS: readonly RecordOutcome[] = ['taken', 'dead', 'dropped'];

/** Of what is no event: messages wait apart from events. */
export const NO_EVENT_FORMS: readonly RecordForm[] = ['message', 'verification'];

/** Whether it says that no event waits any more that came to the account before. */
export function isEnding({ outcome, form }: DeliveryRecord): boolean {
  return ENDINGS.includes(outcome) && (form === null || !NO_EVENT_FORMS.includes(form));
}

/** @param onlyAttempt of the record as it is kept. */
export function toLogged(id: string, record: DeliveryRecord, onlyAttempt = record.onlyAttempt): LoggedRecord {
  const { kind, atMs, corpId, openKfId, webhookId, outcome, form, occasion, attempt, endpoint } = record;
  const { status, stage, reason, source } = record;
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
    status,
    stage,
    reason,
    durationMs: roundMs(record.durationMs),
    source,
    onlyAttempt,
  };
}
