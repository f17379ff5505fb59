import { randomUUID } from 'node:crypto';
import type {
  AccountEntries,
  Entry,
  EntryCounts,
  EntryFilter,
  EntryPage,
  KnownEntry,
  LanePage,
} from '../queue/entry.js';
import { claimableAtMs, isLine, type Line, LINE_STATES, lineKey, type LineKind } from '../queue/line.js';
import {
  type EntryChange,
  type KeptLine,
  type LineCount,
  type LineFilter,
  type LineGroup,
  type LineOrder,
  type LinePlace,
  QueueStore,
} from '../queue/queue-store.js';
import type { Log } from '../../kernel/log.js';
import { sayUnreadableLine, sayUnreadableMessage } from '../queue/unreadable.js';
import type { Row, Value } from './database.js';
import type { SqliteStore, SqliteStep } from './sqlite-store.js';
import { type Addressee, readAccountKey } from '../../kernel/account.js';

/** The state of a row that was set aside because it cannot be read. */
const UNREADABLE = 'unreadable';
/** How many lines one step makes due: other steps wait for it. */
const MADE_DUE_MAX = 1_000;
/** How many dead messages, and how many known ids, one sweep removes. */
const SWEEP_MAX = 5_000;
/** An answer's status has three digits, so that one number tells when it came and what it was. */
const STATUS_PLACES = 1_000;

type LineRow = Readonly<Record<keyof ReturnType<typeof toLineRow>, Value>>;
export interface EntryRow extends Row {
  readonly key: string;
  readonly content: Value;
}

interface Sql {
  readonly sql: string;
  readonly values: readonly Value[];
}

type Condition = readonly [sql: string, ...values: readonly Value[]];

/*
 * The states are written out, not bound: otherwise SQLite does not use the indexes that have only the rows of one state.
 */
/** Far more than are claimed at once, and read within a millisecond. */
const EARLIEST_MAX = 2_000;
const LINE_HEAD =
  'key, kind, corp_id, open_kf_id, state, endpoint, due_at, lease_id, leased_until, probed_at, arrived_at, waiting_since, last_failure, details, revision';
const LINE = `SELECT ${LINE_HEAD}, body FROM lines`;
const EXCEPT_ENDPOINTS = "coalesce(endpoint, '') NOT IN (SELECT value FROM json_each(?))";
/** The earliest lines, of all endpoints. */
const EARLIEST = `SELECT rowid AS id, endpoint, claimable_at FROM lines WHERE kind = ?1 AND claimable_at IS NOT NULL
  ORDER BY claimable_at LIMIT ${EARLIEST_MAX}`;
/**
 * The endpoints for which lines wait. Each is found as the next one after the endpoint before, so that the many lines of one
 * endpoint are skipped (https://sqlite.org/lang_with.html#rcex).
 */
const ENDPOINTS = `WITH RECURSIVE found (endpoint) AS (
    SELECT min(endpoint) FROM lines WHERE kind = ?1 AND claimable_at IS NOT NULL
    UNION ALL SELECT (SELECT min(endpoint) FROM lines
      WHERE kind = ?1 AND claimable_at IS NOT NULL AND endpoint > found.endpoint) FROM found WHERE found.endpoint IS NOT NULL
  ), endpoints (endpoint) AS (SELECT endpoint FROM found
    WHERE endpoint IS NOT NULL AND endpoint NOT IN (SELECT value FROM json_each(?2)))`;
const CLAIMABLE_EARLIEST = `${LINE} WHERE rowid IN (SELECT id FROM (${EARLIEST}) WHERE ${EXCEPT_ENDPOINTS.replace('?', '?2')}
  AND claimable_at <= ?3 ORDER BY claimable_at LIMIT ?4) ORDER BY claimable_at`;
const CLAIMABLE = `${ENDPOINTS} ${LINE} WHERE rowid IN (
    SELECT lines.rowid FROM endpoints CROSS JOIN lines ON lines.endpoint = endpoints.endpoint
    WHERE lines.kind = ?1 AND lines.claimable_at <= ?3 ORDER BY lines.claimable_at LIMIT ?4
  ) ORDER BY claimable_at`;
const NEXT_CLAIMABLE_EARLIEST = `SELECT min(claimable_at) AS at_ms FROM (${EARLIEST}) WHERE ${EXCEPT_ENDPOINTS.replace('?', '?2')}`;
const NEXT_CLAIMABLE = `${ENDPOINTS} SELECT min((SELECT min(claimable_at) FROM lines
  WHERE kind = ?1 AND claimable_at IS NOT NULL AND lines.endpoint = endpoints.endpoint)) AS at_ms FROM endpoints`;
const FREE_AT =
  "kind = ? AND state = 'waiting' AND endpoint = ? AND (leased_until IS NULL OR leased_until <= ?)";
const MAKE_LINES_DUE = `UPDATE lines SET due_at = ?, claimable_at = max(?, coalesce(leased_until, 0)), revision = ?
  WHERE rowid IN (SELECT rowid FROM lines
    WHERE kind = ? AND claimable_at > ? AND endpoint = ? AND due_at > ? LIMIT ${MADE_DUE_MAX})`;
const LAPSE_LEASES = `UPDATE lines SET leased_until = 0, claimable_at = min(claimable_at, 0) WHERE leased_until > 0`;
/** In a row that cannot be read, the failure counts as missing. */
const FAILURE = 'CASE WHEN json_valid(last_failure) THEN last_failure END';
const GROUP = `SELECT state, corp_id, endpoint, failure ->> '$.stage' AS stage, count(*) AS accounts,
    min(open_kf_id) AS open_kf_id, min(waiting_since) AS since,
    max((failure ->> '$.atMs') * ${STATUS_PLACES} + (failure ->> '$.status')) AS answered
  FROM (SELECT *, ${FAILURE} AS failure FROM lines WHERE kind = ?)
  WHERE state = 'dead' OR (state IN ('waiting', 'parked') AND (waiting_since <= ? OR waiting_since >= ?))
  GROUP BY 1, 2, 3, 4`;

/** What is parked is looked at itself, and is little; an index has the others. */
const COUNT = `SELECT state, NULL AS stage, count(*) AS lines, min(waiting_since) AS since
  FROM lines WHERE kind = ?1 AND state <> 'parked' GROUP BY state
  UNION ALL
  SELECT state, ${FAILURE} ->> '$.stage' AS stage, count(*), min(waiting_since)
  FROM lines WHERE kind = ?1 AND state = 'parked' GROUP BY 2`;

const ENTRY_HEAD =
  'key, corp_id, open_kf_id, state, seq, lane, page_cursor, due_at, stored_at, attempts, refusals, step, last_failure, head';
const OF_ACCOUNT = 'corp_id = ? AND open_kf_id = ?';
const WAITING_OF = `state = 'waiting' AND ${OF_ACCOUNT}`;
/** With an aggregate, the other columns are of the row that has it (https://sqlite.org/lang_select.html#bareagg). */
const LANES = `SELECT rowid AS id, lane, min(seq), due_at FROM messages WHERE ${WAITING_OF} GROUP BY lane`;
const OF_LANES = `WHERE rowid IN (SELECT id FROM (${LANES}) WHERE due_at <= ? AND lane NOT IN (SELECT value FROM json_each(?)))`;
const COUNT_ENTRIES = `SELECT (SELECT count(*) FROM messages WHERE state = 'waiting') AS waiting,
  (SELECT count(*) FROM messages WHERE state = 'dead') AS dead,
  (SELECT min(stored_at) FROM messages WHERE state = 'waiting') AS oldest`;
/** Of the entries with negative numbers, and of the others, the first was stored first: the rest is only counted. */
const COUNT_ENTRIES_OF = `SELECT (SELECT count(*) FROM messages WHERE ${WAITING_OF}) AS waiting,
  (SELECT count(*) FROM messages WHERE state = 'dead' AND ${OF_ACCOUNT}) AS dead,
  (SELECT min(stored_at) FROM (
    SELECT * FROM (SELECT stored_at FROM messages WHERE ${WAITING_OF} ORDER BY seq LIMIT 1)
    UNION ALL
    SELECT * FROM (SELECT stored_at FROM messages WHERE ${WAITING_OF} AND seq >= 0 ORDER BY seq LIMIT 1))) AS oldest`;
const BY_ACCOUNT = `SELECT corp_id, open_kf_id, sum(state = 'waiting') AS waiting, sum(state = 'dead') AS dead,
    min(CASE state WHEN 'waiting' THEN stored_at END) AS oldest
  FROM (SELECT corp_id, open_kf_id, state, stored_at FROM messages WHERE state = 'waiting'
    UNION ALL SELECT corp_id, open_kf_id, state, stored_at FROM messages WHERE state = 'dead')
  GROUP BY corp_id, open_kf_id`;
const ADD_KNOWN = `INSERT INTO messages (key, corp_id, open_kf_id, state, known_until) VALUES (?, ?, ?, 'known', ?)
  ON CONFLICT DO NOTHING`;
/** Deletes all of a message but its id. */
const FORGET = `UPDATE messages SET state = 'known', known_until = ?, seq = NULL, lane = NULL, page_cursor = NULL,
  due_at = NULL, stored_at = NULL, died_at = NULL, attempts = NULL, refusals = NULL, step = NULL, last_failure = NULL,
  head = NULL, content = NULL`;
const SWEEP_DEAD = `${FORGET} WHERE key IN (SELECT key FROM messages WHERE died_at <= ? LIMIT ${SWEEP_MAX})`;
const SWEEP_KNOWN = `DELETE FROM messages
  WHERE key IN (SELECT key FROM messages WHERE known_until <= ? LIMIT ${SWEEP_MAX})`;
const MAKE_DUE_AT = `UPDATE messages SET due_at = ? WHERE state = 'waiting' AND due_at > ?
  AND (corp_id, open_kf_id) IN (SELECT corp_id, open_kf_id FROM lines
    WHERE kind = 'messages' AND claimable_at IS NOT NULL AND endpoint = ?)`;

interface AccountRow {
  readonly corp_id: string;
  readonly open_kf_id: string;
  readonly waiting: number;
  readonly dead: number;
  readonly oldest: number | null;
}

/** What it needs of a database. */
export type Steps = Pick<SqliteStore, 'step' | 'rows' | 'requireWritable' | 'requireRoomForMessages'>;

/** Lines and entries, in `wxkf.db` or in memory. */
export class SqliteQueueStore extends QueueStore {
  override readonly isShared = false;

  /**
   * Ends the leases of an earlier process. Their lines are claimable at once, and a claim still shows that there was a lease.
   * @throws AppError `STORE_UNAVAILABLE`
   */
  static async open(store: SqliteStore, log: Log): Promise<SqliteQueueStore> {
    await store.step('lapse leases', { sql: LAPSE_LEASES });
    return new SqliteQueueStore(store, log);
  }

  constructor(
    private readonly store: Steps,
    private readonly log: Log,
  ) {
    super();
  }

  // Lines.

  override async find(key: string): Promise<KeptLine | null> {
    const [found] = await this.#readLines(`${LINE} WHERE key = ?`, key);
    return found ?? null;
  }

  override async write(before: KeptLine | null, after: KeptLine | null): Promise<boolean> {
    const { what, sql, values } = before === null ? insertLine(after) : changeLine(before, after);
    return (await this.#changes(what, sql, ...values)) === 1;
  }

  override async listClaimable(
    kind: LineKind,
    nowMs: number,
    limit: number,
    exceptEndpoints: ReadonlySet<string>,
  ): Promise<readonly KeptLine[]> {
    if (kind === 'messages') this.store.requireWritable();
    const values = [kind, toJson(exceptEndpoints), nowMs, limit];
    const found = await this.#readLines(CLAIMABLE_EARLIEST, ...values);
    // If all of the earliest lines are of endpoints that are left out, lines of other endpoints come after them.
    return found.length > 0 || exceptEndpoints.size === 0 ? found : this.#readLines(CLAIMABLE, ...values);
  }

  override async findToProbe(
    kind: LineKind,
    endpoint: string,
    nowMs: number,
    keys?: ReadonlySet<string>,
  ): Promise<KeptLine | null> {
    const among: Condition =
      keys === undefined ? ['true'] : ['key IN (SELECT value FROM json_each(?))', toJson(keys)];
    const { sql, values } = all([FREE_AT, kind, endpoint, nowMs], among);
    const [found] = await this.#readLines(
      `${LINE} WHERE ${sql} ORDER BY probed_at, arrived_at LIMIT 1`,
      ...values,
    );
    return found ?? null;
  }

  override async nextClaimableAtMs(
    kind: LineKind,
    exceptEndpoints: ReadonlySet<string>,
  ): Promise<number | null> {
    const next = async (sql: string): Promise<number | null> => {
      const [row] = await this.store.rows<{ at_ms: number | null }>(sql, kind, toJson(exceptEndpoints));
      return row?.at_ms ?? null;
    };
    const earliest = await next(NEXT_CLAIMABLE_EARLIEST);
    return earliest === null && exceptEndpoints.size > 0 ? next(NEXT_CLAIMABLE) : earliest;
  }

  override async makeDue(kind: LineKind, endpoint: string, nowMs: number): Promise<void> {
    if (kind === 'messages') await this.#changes('make messages due', MAKE_DUE_AT, nowMs, nowMs, endpoint);
    for (let changed = MADE_DUE_MAX; changed === MADE_DUE_MAX;) {
      const values = [nowMs, nowMs, randomUUID(), kind, nowMs, endpoint, nowMs];
      changed = await this.#changes('make lines due', MAKE_LINES_DUE, ...values);
    }
  }

  override async listEndpoints(kind: LineKind): Promise<readonly string[]> {
    const rows = await this.store.rows<{ endpoint: string }>(
      "SELECT DISTINCT endpoint FROM lines WHERE kind = ? AND state = 'waiting' AND endpoint IS NOT NULL",
      kind,
    );
    return rows.map(({ endpoint }) => endpoint);
  }

  override list(
    kind: LineKind,
    filter: LineFilter,
    after: LinePlace | null,
    limit: number,
    order: LineOrder,
  ): Promise<readonly Line[]> {
    const by = order === 'account' ? 'key' : 'waiting_since, key';
    const wanted = all(['kind = ?', kind], ...toConditions(kind, filter), afterPlace(after, order));
    return this.#readHeads(eachState(`SELECT ${LINE_HEAD} FROM lines`, filter.states, wanted, by, limit));
  }

  override async count(kind: LineKind): Promise<readonly LineCount[]> {
    const rows = await this.store.rows<{
      state: LineCount['state'];
      stage: string | null;
      lines: number;
      since: number;
    }>(COUNT, kind);
    const isKnown = (state: string): boolean => LINE_STATES.some((known) => known === state);
    return rows.map(({ state, stage, lines, since }) => ({
      stage,
      lines,
      sinceMs: since,
      state: isKnown(state) ? state : UNREADABLE,
    }));
  }

  override async countWithoutEndpoint(kind: LineKind, corpId: string): Promise<number> {
    const sql = 'SELECT count(*) AS lines FROM lines WHERE kind = ? AND corp_id = ? AND endpoint IS NULL';
    const [row] = await this.store.rows<{ lines: number }>(sql, kind, corpId);
    return row?.lines ?? 0;
  }

  override async group(kind: LineKind, beforeMs: number, afterMs: number): Promise<readonly LineGroup[]> {
    const rows = await this.store.rows<GroupRow>(GROUP, kind, beforeMs, afterMs);
    return rows.map(({ corp_id: corpId, open_kf_id: openKfId, since: sinceMs, answered, ...same }) => ({
      ...same,
      corpId,
      openKfId,
      sinceMs,
      answered:
        answered === null
          ? null
          : { status: answered % STATUS_PLACES, atMs: Math.floor(answered / STATUS_PLACES) },
    }));
  }

  // Entries.

  override async addEntries(
    entries: readonly Entry[],
    known: readonly KnownEntry[],
  ): Promise<ReadonlySet<string>> {
    if (entries.length + known.length === 0) return new Set();
    if (entries.length > 0) this.store.requireRoomForMessages();
    const results = await this.store.step(
      'keep messages',
      ...entries.map((entry) => insertion('messages', toEntryRow(entry))),
      ...known.map(({ key, corpId, openKfId, untilMs }) => ({
        sql: ADD_KNOWN,
        values: [key, corpId, openKfId, untilMs],
      })),
    );
    return new Set(entries.filter((_, n) => results?.[n]?.changes === 1).map(({ key }) => key));
  }

  override listEntries(
    filter: EntryFilter,
    { by, limit, after, withContent }: EntryPage,
  ): Promise<readonly Entry[]> {
    const place = after && readAccountKey(after.account);
    const wanted = all(
      ...toEntryConditions(filter),
      place === undefined
        ? ['true']
        : ['(corp_id, open_kf_id, seq) > (?, ?, ?)', place.corpId, place.openKfId, after?.seq ?? 0],
    );
    const order = by === 'place' ? 'corp_id, open_kf_id, seq' : 'stored_at';
    const { sql, values } = eachState(selectEntries(withContent), filter.states, wanted, order, limit);
    return this.#readEntries(sql, values);
  }

  override listFirstOfLanes(
    { corpId, openKfId }: Addressee,
    { by, limit, dueByMs = Number.MAX_SAFE_INTEGER, without = new Set(), withContent }: LanePage,
  ): Promise<readonly Entry[]> {
    const sql = `${selectEntries(withContent)} ${OF_LANES} ORDER BY ${by === 'seq' ? 'seq' : 'due_at'} LIMIT ?`;
    return this.#readEntries(sql, [corpId, openKfId, dueByMs, toJson(without), limit]);
  }

  override changeEntries(which: EntryFilter, change: EntryChange): Promise<number> {
    const set = setting(toColumns(change));
    const where = whereEntries(which);
    const sql = `UPDATE messages SET ${set.sql} WHERE ${where.sql}`;
    return this.#changes('change message', sql, ...set.values, ...where.values);
  }

  override forgetEntries(which: EntryFilter, untilMs: number | null): Promise<number> {
    const { sql, values } = whereEntries(which);
    return untilMs === null
      ? this.#changes('forget messages', `DELETE FROM messages WHERE ${sql}`, ...values)
      : this.#changes('forget messages', `${FORGET} WHERE ${sql}`, untilMs, ...values);
  }

  override async countEntries(account: Addressee | null): Promise<EntryCounts> {
    const { corpId = '', openKfId = '' } = account ?? {};
    const values = account === null ? [] : Array.from({ length: 4 }, () => [corpId, openKfId]).flat();
    const [row] = await this.store.rows<{ waiting: number; dead: number; oldest: number | null }>(
      account === null ? COUNT_ENTRIES : COUNT_ENTRIES_OF,
      ...values,
    );
    return { waiting: row?.waiting ?? 0, dead: row?.dead ?? 0, oldestWaitingAtMs: row?.oldest ?? null };
  }

  override async countEntriesByAccount(): Promise<readonly AccountEntries[]> {
    const rows = await this.store.rows<AccountRow>(BY_ACCOUNT);
    return rows.map(({ corp_id: corpId, open_kf_id: openKfId, waiting, dead, oldest }) => ({
      corpId,
      openKfId,
      waiting,
      dead,
      oldestWaitingAtMs: oldest,
    }));
  }

  override async sweep(diedBeforeMs: number, untilMs: number, nowMs: number): Promise<void> {
    await this.store.step(
      'sweep messages',
      { sql: SWEEP_KNOWN, values: [nowMs] },
      { sql: SWEEP_DEAD, values: [untilMs, diedBeforeMs] },
    );
  }

  // Both.

  override async setAside(unreadable: KeptLine | Entry): Promise<void> {
    if ('line' in unreadable)
      return this.#setLineAside(lineKey(unreadable.line.kind, unreadable.line), unreadable.revision);
    const { key } = unreadable;
    const set = `UPDATE messages SET state = '${UNREADABLE}', died_at = NULL
      WHERE key = ? AND state NOT IN ('known', '${UNREADABLE}')`;
    if ((await this.#changes('set message aside', set, key)) === 1) sayUnreadableMessage(this.log, key);
  }

  override requireRoom(what: 'outcomes' | 'entries'): void {
    if (what === 'outcomes') this.store.requireWritable();
    else this.store.requireRoomForMessages();
  }

  async #changes(what: SqliteStep, sql: string, ...values: readonly Value[]): Promise<number> {
    const [result] = (await this.store.step(what, { sql, values })) ?? [];
    return result?.changes ?? 0;
  }

  async #readHeads({ sql, values }: Sql): Promise<readonly Line[]> {
    return (await this.#readLines(sql, ...values)).map(({ line }) => line);
  }

  /** Leaves out rows that cannot be read. When one was set aside just now, reads again, since another row may take its place. */
  async #readLines(sql: string, ...values: readonly Value[]): Promise<readonly KeptLine[]> {
    for (;;) {
      const rows = await this.store.rows<LineRow>(sql, ...values);
      const read = rows.map((row) => ({ row, line: toLine(row) }));
      const unreadable = read.filter(({ row, line }) => line === null && row.state !== UNREADABLE);
      for (const { row } of unreadable) await this.#setLineAside(String(row.key), String(row.revision));
      if (unreadable.length === 0)
        return read.flatMap(({ row, line }) =>
          line === null ? [] : { line, revision: String(row.revision) },
        );
    }
  }

  async #setLineAside(key: string, revision: string): Promise<void> {
    const set = `UPDATE lines SET state = '${UNREADABLE}', claimable_at = NULL
      WHERE key = ? AND revision = ? AND state <> '${UNREADABLE}'`;
    if ((await this.#changes('set line aside', set, key, revision)) === 1) sayUnreadableLine(this.log, key);
  }

  async #readEntries(sql: string, values: readonly Value[]): Promise<readonly Entry[]> {
    return (await this.store.rows<EntryRow>(sql, ...values)).map(toEntry);
  }
}

interface GroupRow extends Pick<LineGroup, 'state' | 'endpoint' | 'stage' | 'accounts'> {
  readonly corp_id: string;
  readonly open_kf_id: string;
  readonly since: number;
  readonly answered: number | null;
}

function insertLine(added: KeptLine | null): Sql & { readonly what: SqliteStep } {
  if (added === null) throw new TypeError('nothing is to be written');
  return { what: 'insert line', ...insertion('lines', toLineRow(added.line, added.revision)) };
}

/** Writes only the columns that have changed, so that SQLite need not update the indexes of the others. */
function changeLine(before: KeptLine, after: KeptLine | null): Sql & { readonly what: SqliteStep } {
  const { key, body: _bodyBefore, ...was } = toLineRow(before.line, before.revision);
  const asRead = [key, before.revision];
  if (after === null)
    return { what: 'remove line', sql: 'DELETE FROM lines WHERE key = ? AND revision = ?', values: asRead };
  const { key: _key, body, ...row } = toLineRow(after.line, after.revision);
  const columns: Record<string, Value> = Object.fromEntries(
    Object.entries(row).filter(([name, value]) => value !== was[name as keyof typeof was]),
  );
  if (before.line.body !== after.line.body) columns.body = body;
  const { sql, values } = setting(columns);
  const change = `UPDATE lines SET ${sql} WHERE key = ? AND revision = ?`;
  return { what: 'change line', sql: change, values: [...values, ...asRead] };
}

function toLineRow(line: Line, revision: string) {
  const { kind, corpId, openKfId, state, endpoint, dueAtMs, lease, lastFailure, details, body } = line;
  return {
    key: lineKey(kind, line),
    kind,
    corp_id: corpId,
    open_kf_id: openKfId,
    state,
    endpoint,
    due_at: dueAtMs,
    lease_id: lease?.id ?? null,
    leased_until: lease?.untilMs ?? null,
    claimable_at: claimableAtMs(line),
    probed_at: line.probedAtMs,
    arrived_at: line.arrivedAtMs,
    waiting_since: line.waitingSinceMs,
    last_failure: lastFailure && JSON.stringify(lastFailure),
    details: JSON.stringify(details),
    // Copied: with a slice, the whole buffer would go to the thread of the database.
    body: body && new Uint8Array(body),
    revision,
  };
}

/** @returns `null` for what cannot be read. */
function toLine(row: LineRow): Line | null {
  const { body } = row;
  const line: unknown = {
    kind: row.kind,
    corpId: row.corp_id,
    openKfId: row.open_kf_id,
    state: row.state,
    endpoint: row.endpoint,
    dueAtMs: row.due_at,
    lease: row.lease_id === null ? null : { id: row.lease_id, untilMs: row.leased_until },
    probedAtMs: row.probed_at,
    arrivedAtMs: row.arrived_at,
    waitingSinceMs: row.waiting_since,
    lastFailure: parse(row.last_failure),
    details: parse(row.details),
    body: body instanceof Uint8Array ? Buffer.from(body.buffer, body.byteOffset, body.byteLength) : null,
  };
  return isLine(String(row.key), line) ? line : null;
}

function toEntryRow(entry: Entry) {
  const { key, ...fields } = entry;
  return { key, ...toColumns(fields) };
}

/** As it is stored, whatever that is. */
export function toEntry(row: EntryRow): Entry {
  const { appId, ...details } = (parse(row.head ?? null) ?? {}) as Record<string, unknown>;
  const entry: Record<keyof Entry, unknown> = {
    key: row.key,
    corpId: row.corp_id,
    openKfId: row.open_kf_id,
    state: row.state,
    seq: row.seq,
    lane: row.lane,
    page: { appId, cursor: row.page_cursor },
    dueAtMs: row.due_at,
    storedAtMs: row.stored_at,
    attempts: row.attempts,
    refusals: row.refusals,
    step: row.step,
    lastFailure: parse(row.last_failure ?? null),
    details,
    content: row.content ?? null,
  };
  return entry as Entry;
}

/** Where the state changes, all that follows from it does. `head` is written as a whole: `page` goes with `details`. */
function toColumns({ state, page, dueAtMs, lastFailure, details, ...same }: EntryChange) {
  const { corpId, openKfId, storedAtMs, ...others } = same;
  const diedAtMs = state === 'dead' ? (lastFailure?.atMs ?? storedAtMs ?? 0) : null;
  return {
    ...others,
    ...(corpId !== undefined && { corp_id: corpId }),
    ...(openKfId !== undefined && { open_kf_id: openKfId }),
    ...(storedAtMs !== undefined && { stored_at: storedAtMs }),
    ...(state !== undefined && { state, died_at: diedAtMs, known_until: null }),
    ...(dueAtMs !== undefined && { due_at: dueAtMs }),
    ...(page !== undefined && { page_cursor: page.cursor }),
    ...(lastFailure !== undefined && { last_failure: lastFailure && JSON.stringify(lastFailure) }),
    ...(details !== undefined && { head: JSON.stringify({ ...details, appId: page?.appId }) }),
  };
}

/** @returns `undefined`, which no record has, for a text that is not JSON. */
function parse(text: Value): unknown {
  try {
    return text === null ? null : JSON.parse(String(text));
  } catch {
    return undefined;
  }
}

function toJson(texts: Iterable<string>): string {
  return JSON.stringify([...texts]);
}

/** Inserts the row, or replaces a row that cannot be read. */
function insertion(table: 'lines' | 'messages', row: Readonly<Record<string, Value>>): Sql {
  const names = Object.keys(row);
  const sql = `INSERT INTO ${table} (${names}) VALUES (${names.map(() => '?')})
    ON CONFLICT (key) DO UPDATE SET (${names}) = (${names.map((name) => `excluded.${name}`)})
    WHERE ${table}.state = '${UNREADABLE}'`;
  return { sql, values: Object.values(row) };
}

function setting(columns: Readonly<Record<string, Value>>): Sql {
  const sql = Object.keys(columns)
    .map((name) => `${name} = ?`)
    .join(', ');
  return { sql, values: Object.values(columns) };
}

function all(...conditions: readonly Condition[]): Sql {
  return {
    sql: conditions.map(([sql]) => sql).join(' AND '),
    values: conditions.flatMap(([, ...values]) => values),
  };
}

function inStates(states: readonly string[]): Condition {
  // An index of the rows of one state is only used where the state is compared alone.
  const [only, ...others] = states.map((state) => `'${state}'`);
  return others.length === 0 ? [`state = ${only}`] : [`state IN (${[only, ...others]})`];
}

function selectEntries(withContent = false): string {
  return `SELECT ${ENTRY_HEAD}${withContent ? ', content' : ''} FROM messages`;
}

function whereEntries(which: EntryFilter): Sql {
  return all(inStates(which.states), ...toEntryConditions(which));
}

/** All of the filter but its states. */
function toEntryConditions(filter: EntryFilter): readonly Condition[] {
  const { keys, corpId, openKfId, lane, pageCursor, seqFrom, storedUntilMs, dueAfterMs } = filter;
  const conditions: Condition[] = [];
  if (keys?.length === 1) conditions.push(['key = ?', keys[0] ?? '']);
  else if (keys !== undefined) conditions.push(['key IN (SELECT value FROM json_each(?))', toJson(keys)]);
  if (typeof corpId === 'string') conditions.push(['corp_id = ?', corpId]);
  if (typeof openKfId === 'string') conditions.push(['open_kf_id = ?', openKfId]);
  if (lane !== undefined) conditions.push(['lane = ?', lane]);
  if (pageCursor !== undefined) conditions.push(['page_cursor = ?', pageCursor]);
  if (seqFrom !== undefined) conditions.push(['seq >= ?', seqFrom]);
  if (storedUntilMs !== undefined) conditions.push(['stored_at <= ?', storedUntilMs]);
  if (dueAfterMs !== undefined) conditions.push(['due_at > ?', dueAfterMs]);
  return conditions.length === 0 ? [['true']] : conditions;
}

/** The first rows of these states. SQLite finds the rows of each state in this order, and merges them. */
function eachState(select: string, states: readonly string[], where: Sql, by: string, limit: number): Sql {
  const parts = states.map((state) => `${select} WHERE state = '${state}' AND ${where.sql}`);
  return {
    sql: `${parts.join(' UNION ALL ') || `${select} WHERE false`} ORDER BY ${by} LIMIT ?`,
    values: [...states.flatMap(() => where.values), limit],
  };
}

function toConditions(kind: LineKind, filter: LineFilter): readonly Condition[] {
  const { corpId, openKfId, keys, stage, arrivedFromMs, arrivedBeforeMs } = filter;
  const conditions: Condition[] = [];
  // '0' is the character after the slash.
  if (corpId !== null) conditions.push(['key >= ? AND key < ?', `${kind} ${corpId}/`, `${kind} ${corpId}0`]);
  if (openKfId !== undefined) conditions.push(['open_kf_id = ?', openKfId]);
  if (keys !== undefined) conditions.push(['key IN (SELECT value FROM json_each(?))', toJson(keys)]);
  if (stage !== undefined) conditions.push([`${FAILURE} ->> '$.stage' = ?`, stage]);
  if (arrivedFromMs !== undefined) conditions.push(['arrived_at >= ?', arrivedFromMs]);
  if (arrivedBeforeMs !== undefined) conditions.push(['arrived_at < ?', arrivedBeforeMs]);
  return conditions;
}

function afterPlace(after: LinePlace | null, order: LineOrder): Condition {
  if (after === null) return ['true'];
  if (order === 'account') return ['key > ?', after.key];
  return ['(waiting_since, key) > (?, ?)', after.waitingSinceMs, after.key];
}
