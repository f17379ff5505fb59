import type { AuditEntry } from '../../src/audit/audit-entry.js';
import { AUDIT, AuditLog } from '../../src/audit/audit-log.js';
import { DELIVERIES, DeliveryLog } from '../../src/log/delivery-log.js';
import type { LoggedRecord } from '../../src/log/delivery-record.js';
import { FigureStore } from '../../src/log/figure-store.js';
import {
  Journal,
  type JournalBatch,
  type JournalBounds,
  type JournalEntry,
  type JournalKind,
  type JournalName,
  type JournalQuery,
  Journals,
  keptFrom,
  type Match,
} from '../../src/storage/journal/journal.js';

/** Its tables survive a restart, and several stores on one table stand for several replicas. */
export type JournalTables = Map<JournalName, Map<string, JournalEntry>>;

export class MemoryJournals extends Journals {
  constructor(readonly tables: JournalTables = new Map()) {
    super();
  }

  /** What is kept, in the order of its ids. */
  entries<T extends JournalEntry>({ name }: JournalKind<T>): readonly T[] {
    return [...(this.tables.get(name)?.values() ?? [])].sort(byId) as unknown as readonly T[];
  }

  override open<T extends JournalEntry>(kind: JournalKind<T>, bounds: JournalBounds): Journal<T> {
    const table = this.tables.get(kind.name) ?? new Map<string, JournalEntry>();
    this.tables.set(kind.name, table);
    return new MemoryJournal(table as unknown as Map<string, T>, kind, bounds);
  }
}

class MemoryJournal<T extends JournalEntry> extends Journal<T> {
  constructor(
    private readonly table: Map<string, T>,
    private readonly kind: JournalKind<T>,
    private readonly bounds: JournalBounds,
  ) {
    super();
  }

  override newBatch(): JournalBatch<T> {
    const entries: T[] = [];
    return {
      get length() {
        return entries.length;
      },
      add: (entry) => void entries.push(entry),
      write: async () => {
        for (const entry of entries) this.table.set(entry.id, entry);
        this.#removeOld(Math.max(0, ...entries.map(({ atMs }) => atMs)));
      },
    };
  }

  override async newest(query: JournalQuery): Promise<readonly T[]> {
    return this.#found(query).reverse().slice(0, query.limit);
  }

  override async oldest(query: JournalQuery): Promise<readonly T[]> {
    return this.#found(query).slice(0, query.limit);
  }

  override async bytes(): Promise<number> {
    return this.table.size;
  }

  override async sweep(nowMs: number): Promise<void> {
    this.#removeOld(nowMs);
    const [field, value] = this.bounds.only ?? [];
    if (field !== undefined)
      for (const [id, entry] of this.table) if (entry[field as keyof T] !== value) this.table.delete(id);
  }

  #removeOld(nowMs: number): void {
    const from = keptFrom(this.bounds, nowMs);
    for (const id of [...this.table.keys()].sort())
      if (id < from || this.table.size > (this.bounds.entriesMax ?? Infinity)) this.table.delete(id);
  }

  #found({ where = {}, except, anyOf, from = '', before }: JournalQuery): T[] {
    const valueOf = (entry: T, name: string) => this.kind.marks[name]?.(entry) ?? entry[name as keyof T];
    return [...this.table.values()]
      .filter(({ id }) => id >= from && (before === undefined || id < before))
      .filter((entry) => Object.entries(where).every(([name, value]) => isOneOf(valueOf(entry, name), value)))
      .filter((entry) => except === undefined || valueOf(entry, except[0]) !== except[1])
      .filter((entry) => anyOf?.some(([name, value]) => valueOf(entry, name) === value) ?? true)
      .sort(byId);
  }
}

function isOneOf(value: unknown, wanted: Match[string]): boolean {
  return Array.isArray(wanted) ? wanted.includes(value) : value === wanted;
}

function byId(one: JournalEntry, other: JournalEntry): number {
  return one.id < other.id ? -1 : 1;
}

export const MEMORY_LOG_KEPT_MS = 3 * 86_400_000;

export class MemoryDeliveryLog extends DeliveryLog {
  constructor(
    readonly journals = new MemoryJournals(),
    deliveryLogDays = 3,
  ) {
    super(journals, { deliveryLogDays, deliveryLogBytesMax: Infinity });
  }

  get table(): readonly LoggedRecord[] {
    return this.journals.entries(DELIVERIES);
  }
}

export class MemoryAuditLog extends AuditLog {
  constructor(readonly journals = new MemoryJournals()) {
    super(journals);
  }

  get table(): readonly AuditEntry[] {
    return this.journals.entries(AUDIT);
  }
}

export class MemoryFigureStore extends FigureStore {
  constructor(readonly journals = new MemoryJournals()) {
    super(journals);
  }
}
