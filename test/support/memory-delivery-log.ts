import {
  DeliveryLog,
  isMatch,
  type RecordAccount,
  type RecordBatch,
  type RecordFilter,
  type RecordPage,
  STORY_MAX,
} from '../../src/record/delivery-log.js';
import { firstIdAt, isEnding, isRow, type LoggedRecord, timeOfId } from '../../src/record/delivery-record.js';

export const MEMORY_LOG_KEPT_MS = 3 * 86_400_000;

export class MemoryDeliveryLog extends DeliveryLog {
  /** @param table survives a restart. */
  constructor(readonly table: LoggedRecord[] = []) {
    super();
  }

  override newBatch(): RecordBatch {
    const records: LoggedRecord[] = [];
    return {
      get length() {
        return records.length;
      },
      add: (record) => void records.push(record),
      write: async () => void this.table.push(...records),
    };
  }

  override async search(filter: RecordFilter, before: string | null, limit: number): Promise<RecordPage> {
    const from = filter.fromMs === null ? '' : firstIdAt(filter.fromMs);
    const found = this.table
      .toSorted((one, other) => (one.id < other.id ? 1 : -1))
      .filter(({ id }) => id >= from && (before === null || id < before))
      .filter(({ id }) => filter.toMs === null || id < firstIdAt(filter.toMs))
      .filter((record) => isRow(record) && isMatch(record, filter));
    const records = found.slice(0, limit);
    return { records, nextBefore: found.length > limit ? (records.at(-1)?.id ?? null) : null };
  }

  override async find(id: string): Promise<LoggedRecord | null> {
    return this.table.find((record) => record.id === id) ?? null;
  }

  override async story(webhookId: string): Promise<readonly LoggedRecord[]> {
    return this.table.filter((record) => record.webhookId === webhookId).slice(0, STORY_MAX);
  }

  override async endings(
    { corpId, openKfId }: RecordAccount,
    after: string,
    limit: number,
  ): Promise<readonly LoggedRecord[]> {
    return this.table
      .filter((record) => record.id > after && isEnding(record))
      .filter((record) => record.corpId === corpId && record.openKfId === openKfId)
      .slice(0, limit);
  }

  override async reach(): Promise<number | null> {
    const [oldest] = this.table;
    return oldest === undefined ? null : timeOfId(oldest.id);
  }

  override async bytes(): Promise<number> {
    return this.table.length;
  }

  override async sweep(nowMs: number): Promise<void> {
    const kept = this.table.filter(({ atMs }) => atMs >= nowMs - MEMORY_LOG_KEPT_MS);
    this.table.splice(0, this.table.length, ...kept);
  }
}
