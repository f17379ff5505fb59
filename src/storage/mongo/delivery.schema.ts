import { isRow, type LoggedRecord, type OnlyAttempt } from '../../record/delivery-record.js';
import { roundMs } from '../../kernel/round-ms.js';

/** The delivery log. */
export const DELIVERIES = 'wxkfdeliveries';

export interface DeliveryDocument extends Omit<LoggedRecord, 'id' | 'atMs' | 'onlyAttempt'> {
  /** The record's id. */
  readonly _id: string;
  readonly at: Date;
  readonly isRow: boolean;
  /** Only of a callback that has one. */
  readonly onlyAttempt?: OnlyAttempt;
  /** When MongoDB removes it. */
  readonly keptUntil: Date;
}

export function toDocument(record: LoggedRecord, keptMs: number): DeliveryDocument {
  const { id, atMs, onlyAttempt, ...same } = record;
  return {
    _id: id,
    at: new Date(atMs),
    ...same,
    durationMs: roundMs(record.durationMs),
    ...(onlyAttempt === null
      ? {}
      : { onlyAttempt: { ...onlyAttempt, durationMs: roundMs(onlyAttempt.durationMs) } }),
    isRow: isRow(record),
    keptUntil: new Date(atMs + keptMs),
  };
}

export function fromDocument(document: DeliveryDocument): LoggedRecord {
  const { _id, at, isRow: _isRow, keptUntil: _keptUntil, onlyAttempt = null, ...same } = document;
  return { id: _id, atMs: at.getTime(), ...same, onlyAttempt };
}
