/** How records of deliveries are stored: in groups, as bytes, beside a head that says what a group may have. */
import { type DeliveryRecord, isRow, type LoggedRecord } from '../../record/delivery-record.js';
import type { RecordFilter } from '../../record/delivery-log.js';
import { mayHave, toTermSet } from './term-set.js';

/** Says which fields follow in which order: of another version nothing is read. */
export const GROUP_VERSION = 1;

type Row = readonly [
  id: string,
  replica: string,
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
  return Buffer.from(JSON.stringify(records.map(toRow)));
}

/** @throws Error for what this version has not written. */
export function fromBytes(bytes: Uint8Array): LoggedRecord[] {
  return (JSON.parse(Buffer.from(bytes).toString()) as Row[]).map(fromRow);
}

/** What a search looks at before it reads a group. */
export function toHead(records: readonly LoggedRecord[]): Buffer {
  const terms = new Set<string>();
  for (const record of records) {
    const { corpId, openKfId, webhookId, outcome } = record;
    for (const term of [corpId, openKfId, webhookId]) if (term !== null) terms.add(term);
    if (isRow(record)) terms.add(termOf(outcome));
  }
  return Buffer.from(toTermSet(terms));
}

/** Whether a group with this head may have what is looked for. */
export function mayMatch(
  head: Uint8Array,
  { corpId, openKfId, webhookId, outcome, words }: RecordFilter,
): boolean {
  const terms = [corpId, openKfId, webhookId, outcome === null ? null : termOf(outcome)];
  if (terms.some((term) => term !== null && !mayHave(head, term))) return false;
  return words === null || [words.id, ...words.openKfIds].some((term) => mayHave(head, term));
}

function termOf(outcome: string): string {
  return `outcome ${outcome}`;
}

/** Two digits after the point of a millisecond say enough. */
function toRow(record: LoggedRecord): Row {
  const { id, replica, kind, atMs, corpId, openKfId, webhookId, outcome, form, occasion, attempt } = record;
  const { endpoint, status, stage, reason, source } = record;
  const durationMs = Math.round(record.durationMs * 100) / 100;
  return [
    ...([id, replica, kind, atMs, corpId, openKfId, webhookId, outcome, form, occasion, attempt] as const),
    ...([endpoint, status, stage, reason, durationMs, source] as const),
  ];
}

function fromRow(row: Row): LoggedRecord {
  const [id, replica, kind, atMs, corpId, openKfId, webhookId, outcome, form, occasion, attempt, ...more] =
    row;
  const [endpoint, status, stage, reason, durationMs, source] = more;
  return {
    ...{ id, replica, kind, atMs, corpId, openKfId, webhookId, outcome, form, occasion, attempt },
    ...{ endpoint, status, stage, reason, durationMs, source },
  };
}
