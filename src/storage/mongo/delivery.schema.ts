import { isRow, type LoggedRecord } from '../../record/delivery-record.js';

/** The delivery log. */
export const DELIVERIES = 'wxkfdeliveries';

export interface DeliveryDocument extends Omit<LoggedRecord, 'id' | 'atMs'> {
  /** The record's id. */
  readonly _id: string;
  readonly at: Date;
  readonly isRow: boolean;
  /** When MongoDB removes it. */
  readonly keptUntil: Date;
}

export function toDocument(record: LoggedRecord, keptMs: number): DeliveryDocument {
  const { id, atMs, ...same } = record;
  return {
    _id: id,
    at: new Date(atMs),
    ...same,
    durationMs: Math.round(record.durationMs * 100) / 100,
    isRow: isRow(record),
    keptUntil: new Date(atMs + keptMs),
  };
}

export function fromDocument(document: DeliveryDocument): LoggedRecord {
  const { _id, at, isRow: _isRow, keptUntil: _keptUntil, ...same } = document;
  return { id: _id, atMs: at.getTime(), ...same };
}
