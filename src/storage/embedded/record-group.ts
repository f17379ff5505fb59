/** How records of deliveries are stored: in groups, as bytes, beside a head that says what a group may have. */
import { type DeliveryRecord, isRow, type LoggedRecord } from '../../record/delivery-record.js';
import type { RecordFilter } from '../../record/delivery-log.js';
import { mayHave, toTermSet } from './term-set.js';

/** Says which fields follow in which order: of another version nothing is read. */
export const GROUP_VERSION = 1;

/** One process writes a group, so that it is named once. */
type Group = readonly [replica: string, rows: readonly Row[]];

type Row = readonly [
  id: string,
  kind: DeliveryRecord['kind'],
  atMs: number,
  corpId: string | null,
  openKfId: string | null,
  webhookId: string | null,
  outcome: DeliveryRecord['outcome'],
  form: DeliveryRecord['form'],
  occasion: string | null,
  attempt: number,
  endpoint: string | null,
  status: number | null,
  stage: string | null,
  reason: string | null,
  durationMs: number,
  source: string | null,
];

export function toBytes(records: readonly LoggedRecord[]): Buffer {
  const group: Group = [records[0]?.replica ?? '', records.map(toRow)];
  return Buffer.from(JSON.stringify(group));
}

/** @throws Error for what this version has not written. */
export function fromBytes(bytes: Uint8Array): LoggedRecord[] {
  const [replica, rows] = JSON.parse(Buffer.from(bytes).toString()) as Group;
  return rows.map((row) => fromRow(row, replica));
}

const LENGTH_BYTES = 4;

/** What a search looks at before it reads a group, and how long the group is. */
export function toHead(records: readonly LoggedRecord[], bytes: number): Buffer {
  const terms = new Set<string>();
  const outcomes = new Set<string>();
  for (const record of records) {
    const { corpId, openKfId, webhookId, outcome } = record;
    if (corpId !== null) terms.add(corpId);
    if (openKfId !== null) terms.add(openKfId);
    if (webhookId !== null) terms.add(webhookId);
    if (isRow(record)) outcomes.add(outcome);
  }
  for (const outcome of outcomes) terms.add(termOf(outcome));
  const set = toTermSet(terms);
  const head = Buffer.alloc(LENGTH_BYTES + set.length);
  head.writeUInt32LE(bytes);
  head.set(set, LENGTH_BYTES);
  return head;
}

export function bytesIn(head: Buffer): number {
  return head.readUInt32LE();
}

/** Whether a group with this head may have what is looked for. */
export function mayMatch(
  head: Uint8Array,
  { corpId, openKfId, webhookId, outcome, words }: RecordFilter,
): boolean {
  const set = head.subarray(LENGTH_BYTES);
  const terms = [corpId, openKfId, webhookId, outcome === null ? null : termOf(outcome)];
  if (terms.some((term) => term !== null && !mayHave(set, term))) return false;
  return words === null || [words.id, ...words.openKfIds].some((term) => mayHave(set, term));
}

function termOf(outcome: string): string {
  return `outcome ${outcome}`;
}

/** Two digits after the point of a millisecond say enough. */
function toRow(record: LoggedRecord): Row {
  const { id, kind, atMs, corpId, openKfId, webhookId, outcome, form, occasion, attempt } = record;
  const { endpoint, status, stage, reason, source } = record;
  const durationMs = Math.round(record.durationMs * 100) / 100;
  return [
    id,
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
    durationMs,
    source,
  ];
}

function fromRow(row: Row, replica: string): LoggedRecord {
  const [id, kind, atMs, corpId, openKfId, webhookId, outcome, form, occasion, attempt, ...more] = row;
  const [endpoint, status, stage, reason, durationMs, source] = more;
  return {
    ...{ id, replica, kind, atMs, corpId, openKfId, webhookId, outcome, form, occasion, attempt },
    ...{ endpoint, status, stage, reason, durationMs, source },
  };
}
