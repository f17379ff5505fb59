import { randomUUID } from 'node:crypto';
import { claimableAtMs, isLine, LINE_STATES, type Line, type LineKind, lineKey } from '../queue/line.js';
import {
  isMessageHead,
  type Message,
  type MessageHead,
  type MessageOrder,
  type MessageState,
  webhookIdOf,
} from '../queue/message.js';
import {
  type KeptLine,
  type KnownMessage,
  type LineCounts,
  type LineFilter,
  type LineGroup,
  type LineOrder,
  type LinePlace,
  type MessageChange,
  type AccountMessages,
  type MessageCounts,
  type MessageFilter,
  type MessagePlace,
  QueueStore,
  type WaitingOf,
} from '../queue/queue-store.js';
import type { Log } from '../../kernel/log.js';
import { Secret } from '../../kernel/secret.js';
import { sayUnreadableLine, sayUnreadableMessage } from '../queue/unreadable.js';
import type { Value } from './database.js';
import type { SqliteStore, Step } from './sqlite-store.js';
import { type Addressee, readAccountKey } from '../../kernel/account.js';

/** The state of a row that was set aside because it cannot be read. */
const UNREADABLE = 'unreadable';
/** How many lines one step makes due: other steps wait for it. */
const MADE_DUE_MAX = 1_000;
/** How many dead messages, and how many known ids, one sweep removes. */
const SWEEP_MAX = 5_000;
/** A message on this list may be followed by a write of its own. */
const STORED_BEFORE_MAX = 2_000;
/** An answer's status has three digits, so that one number tells when it came and what it was. */
const STATUS_PLACES = 1_000;

type LineRow = Readonly<Record<keyof ReturnType<typeof toLineRow>, Value>>;
export type MessageRow = Readonly<Record<keyof ReturnType<typeof toMessageRow>, Value>>;
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
  WHERE state = 'dead' OR (state IN ('waiting', 'parked') AND waiting_since <= ?)
  GROUP BY 1, 2, 3, 4`;

/** What is parked is looked at itself, and is little; an index has the others. */
const COUNT = `SELECT state, count(*) AS lines, min(waiting_since) AS since
  FROM lines WHERE kind = ?1 AND state <> 'parked' GROUP BY state
  UNION ALL
  SELECT iif(${FAILURE} ->> '$.stage' = 'paused', 'paused', state), count(*), min(waiting_since)
  FROM lines WHERE kind = ?1 AND state = 'parked' GROUP BY 1`;

const MESSAGE_HEAD =
  'key, corp_id, open_kf_id, state, seq, lane, page_cursor, due_at, stored_at, attempts, refusals, step, last_failure, head';
const MESSAGE = `SELECT ${MESSAGE_HEAD}, content FROM messages`;
const OF_ACCOUNT = 'corp_id = ? AND open_kf_id = ?';
const WAITING_OF = `state = 'waiting' AND ${OF_ACCOUNT}`;
const FIRST = `${MESSAGE} WHERE ${WAITING_OF} ORDER BY seq LIMIT ?`;
const FIRST_FROM = `SELECT ${MESSAGE_HEAD} FROM messages WHERE ${WAITING_OF} AND seq >= ? ORDER BY seq LIMIT 1`;
const FIRST_OF_LANE = `SELECT ${MESSAGE_HEAD} FROM messages WHERE ${WAITING_OF} AND lane = ? ORDER BY seq LIMIT ?`;
/** With an aggregate, the other columns are of the row that has it (https://sqlite.org/lang_select.html#bareagg). */
const LANES = `SELECT rowid AS id, lane, min(seq), due_at FROM messages WHERE ${WAITING_OF} GROUP BY lane`;
const FIRST_OF_LANES = `${MESSAGE}
  WHERE rowid IN (SELECT id FROM (${LANES}) WHERE due_at <= ? AND lane NOT IN (SELECT value FROM json_each(?)))
  ORDER BY seq LIMIT ?`;
const FIRST_HEADS = `SELECT ${MESSAGE_HEAD} FROM messages WHERE rowid IN (SELECT id FROM (${LANES})) ORDER BY seq LIMIT ?`;
const NEXT_DUE = `SELECT due_at FROM messages WHERE ${WAITING_OF} ORDER BY seq LIMIT 1`;
const NEXT_DUE_OF_LANES = `SELECT min(due_at) AS due_at FROM (${LANES})`;
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

/** Lines and messages, in `wxkf.db`. */
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

  private constructor(
    private readonly store: SqliteStore,
    private readonly log: Log,
  ) {
    super();
  }

  // Lines.

  override async find(key: string): Promise<KeptLine | null> {
    const [found] = await this.#readLines(`${LINE} WHERE key = ?`, key);
    return found ?? null;
  }

  override async insert({ line, revision }: KeptLine): Promise<boolean> {
    const { sql, values } = insertion('lines', toLineRow(line, revision));
    return (await this.#changes('insert line', sql, ...values)) === 1;
  }

  /** Writes only the columns that have changed, so that SQLite need not update the indexes of the others. */
  override async replace(before: KeptLine, after: KeptLine): Promise<boolean> {
    const { key, body: _bodyBefore, ...was } = toLineRow(before.line, before.revision);
    const { key: _key, body, ...row } = toLineRow(after.line, after.revision);
    const columns: Record<string, Value> = Object.fromEntries(
      Object.entries(row).filter(([name, value]) => value !== was[name as keyof typeof was]),
    );
    if (before.line.body !== after.line.body) columns.body = body;
    const { sql, values } = setting(columns);
    const change = `UPDATE lines SET ${sql} WHERE key = ? AND revision = ?`;
    return (await this.#changes('change line', change, ...values, key, before.revision)) === 1;
  }

  override async remove({ line, revision }: KeptLine): Promise<boolean> {
    const remove = 'DELETE FROM lines WHERE key = ? AND revision = ?';
    return (await this.#changes('remove line', remove, lineKey(line.kind, line), revision)) === 1;
  }

  override setAside({ line, revision }: KeptLine): Promise<void> {
    return this.#setLineAside(lineKey(line.kind, line), revision);
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

  override findAll(keys: readonly string[]): Promise<readonly Line[]> {
    const sql = `SELECT ${LINE_HEAD} FROM lines WHERE key IN (SELECT value FROM json_each(?))`;
    return this.#readHeads({ sql, values: [toJson(keys)] });
  }

  override listOfAccount(kind: LineKind, openKfId: string): Promise<readonly Line[]> {
    const sql = `SELECT ${LINE_HEAD} FROM lines WHERE kind = ? AND open_kf_id = ?`;
    return this.#readHeads({ sql, values: [kind, openKfId] });
  }

  override async count(kind: LineKind): Promise<LineCounts> {
    const rows = await this.store.rows<{ state: string; lines: number; since: number }>(COUNT, kind);
    const of = (state: string) => rows.find((row) => row.state === state);
    const known = new Set<string>([...LINE_STATES, 'paused']);
    const unknown = rows.filter(({ state }) => !known.has(state));
    return {
      waiting: of('waiting')?.lines ?? 0,
      parked: of('parked')?.lines ?? 0,
      paused: of('paused')?.lines ?? 0,
      dead: of('dead')?.lines ?? 0,
      unreadable: unknown.reduce((sum, { lines }) => sum + lines, 0),
      oldestWaitingAtMs: of('waiting')?.since ?? null,
      oldestParkedAtMs: of('parked')?.since ?? null,
    };
  }

  override countUnregistered(kind: LineKind, corpId: string): Promise<number> {
    return this.#count('lines WHERE kind = ? AND corp_id = ? AND endpoint IS NULL', kind, corpId);
  }

  override async group(kind: LineKind, beforeMs: number): Promise<readonly LineGroup[]> {
    const rows = await this.store.rows<GroupRow>(GROUP, kind, beforeMs);
    return rows.map(({ corp_id: corpId, open_kf_id: openKfId, since: sinceMs, answered, ...same }) => ({
      ...{ ...same, corpId, openKfId, sinceMs },
      answered:
        answered === null
          ? null
          : { status: answered % STATUS_PLACES, atMs: Math.floor(answered / STATUS_PLACES) },
    }));
  }

  // Messages.

  override requireRoomForMessages(): void {
    this.store.requireRoomForMessages();
  }

  override async addMessages(
    messages: readonly Message[],
    known: readonly KnownMessage[],
  ): Promise<ReadonlySet<string>> {
    const keys = messages.map(webhookIdOf);
    if (keys.length + known.length === 0) return new Set();
    if (keys.length > 0) this.store.requireRoomForMessages();
    const results = await this.store.step(
      'keep messages',
      ...messages.map((message) => insertion('messages', toMessageRow(message))),
      ...known.map((message) => ({
        sql: ADD_KNOWN,
        values: [webhookIdOf(message), message.corpId, message.openKfId, message.untilMs],
      })),
    );
    return new Set(keys.filter((_, n) => results?.[n]?.changes === 1));
  }

  override async findMessage(key: string): Promise<Message | null> {
    const sql = `${MESSAGE} WHERE key = ? AND state NOT IN ('known', '${UNREADABLE}')`;
    return (await this.#readMessages(sql, key))[0] ?? null;
  }

  override async listFirst(
    { corpId, openKfId }: Addressee,
    order: MessageOrder,
    limit: number,
    dueAtMs: number | null,
    without: ReadonlySet<string> = new Set(),
  ): Promise<readonly Message[]> {
    // While it cannot be written that a bot took a message, the message would be sent again and again.
    this.store.requireWritable();
    if (order === 'account') return this.#readMessages(FIRST, corpId, openKfId, limit);
    const byMs = dueAtMs ?? Number.MAX_SAFE_INTEGER;
    return this.#readMessages(FIRST_OF_LANES, corpId, openKfId, byMs, toJson([...without]), limit);
  }

  override async findFrom({ corpId, openKfId }: Addressee, seq: number): Promise<MessageHead | null> {
    const values = [corpId, openKfId, seq];
    return (await this.#readMessageHeads({ sql: FIRST_FROM, values }))[0] ?? null;
  }

  override async listFirstHeads(
    { corpId, openKfId }: Addressee,
    limit: number,
  ): Promise<readonly MessageHead[]> {
    // As in `listFirst`.
    this.store.requireWritable();
    return this.#readMessageHeads({ sql: FIRST_HEADS, values: [corpId, openKfId, limit] });
  }

  override listLane(
    { corpId, openKfId }: Addressee,
    lane: string,
    limit: number,
  ): Promise<readonly MessageHead[]> {
    return this.#readMessageHeads({ sql: FIRST_OF_LANE, values: [corpId, openKfId, lane, limit] });
  }

  override async nextDueAtMs({ corpId, openKfId }: Addressee, order: MessageOrder): Promise<number | null> {
    const sql = order === 'account' ? NEXT_DUE : NEXT_DUE_OF_LANES;
    const [row] = await this.store.rows<{ due_at: number | null }>(sql, corpId, openKfId);
    return row?.due_at ?? null;
  }

  override async changeMessage(
    key: string,
    states: readonly MessageState[],
    change: MessageChange,
  ): Promise<boolean> {
    const { sql, values } = setting(toColumns(change));
    const where = all(['key = ?', key], inStates(states));
    const update = `UPDATE messages SET ${sql} WHERE ${where.sql}`;
    return (await this.#changes('change message', update, ...values, ...where.values)) === 1;
  }

  override async forgetMessage(key: string, untilMs: number): Promise<boolean> {
    const forget = `${FORGET} WHERE key = ? AND state IN ('waiting', 'dead')`;
    return (await this.#changes('forget messages', forget, untilMs, key)) === 1;
  }

  override forgetWaiting({ account, pageCursor }: WaitingOf, untilMs: number | null): Promise<number> {
    const { corpId, openKfId } = account;
    const ofPage: Condition = pageCursor === null ? ['true'] : ['page_cursor = ?', pageCursor];
    const { sql, values } = all([WAITING_OF, corpId, openKfId], ofPage);
    return untilMs === null
      ? this.#changes('forget messages', `DELETE FROM messages WHERE ${sql}`, ...values)
      : this.#changes('forget messages', `${FORGET} WHERE ${sql}`, untilMs, ...values);
  }

  override bringBack(message: Message): Promise<boolean> {
    return this.#putOver('known', message);
  }

  override replaceMessage(message: Message): Promise<boolean> {
    return this.#putOver('waiting', message);
  }

  override async forgetIds(keys: readonly string[]): Promise<void> {
    const forget = `DELETE FROM messages WHERE state = 'known' AND key IN (SELECT value FROM json_each(?))`;
    await this.#changes('forget messages', forget, toJson(keys));
  }

  override async makeMessagesDue({ corpId, openKfId }: Addressee, nowMs: number): Promise<void> {
    const update = `UPDATE messages SET due_at = ? WHERE ${WAITING_OF} AND due_at > ?`;
    await this.#changes('make messages due', update, nowMs, corpId, openKfId, nowMs);
  }

  override countWaiting({ corpId, openKfId }: Addressee): Promise<number> {
    return this.#count(`messages WHERE ${WAITING_OF}`, corpId, openKfId);
  }

  override listMessages(
    { states, corpId, openKfId }: MessageFilter,
    after: MessagePlace | null,
    limit: number,
  ): Promise<readonly MessageHead[]> {
    const place = after && readAccountKey(after.account);
    const wanted = all(
      corpId === null ? ['true'] : ['corp_id = ?', corpId],
      openKfId === null ? ['true'] : ['open_kf_id = ?', openKfId],
      place === null
        ? ['true']
        : ['(corp_id, open_kf_id, seq) > (?, ?, ?)', place.corpId, place.openKfId, after?.seq ?? 0],
    );
    const select = `SELECT ${MESSAGE_HEAD} FROM messages`;
    return this.#readMessageHeads(eachState(select, states, wanted, 'corp_id, open_kf_id, seq', limit));
  }

  override async countMessages(account: Addressee | null): Promise<MessageCounts> {
    const of: Condition = account === null ? ['true'] : [OF_ACCOUNT, account.corpId, account.openKfId];
    const [waiting] = await this.store.rows<{ messages: number; oldest: number | null }>(
      `SELECT count(*) AS messages, (SELECT min(stored_at) FROM messages WHERE state = 'waiting' AND ${of[0]}) AS oldest
        FROM messages WHERE state = 'waiting' AND ${of[0]}`,
      ...of.slice(1),
      ...of.slice(1),
    );
    const dead = await this.#count(`messages WHERE state = 'dead' AND ${of[0]}`, ...of.slice(1));
    return { waiting: waiting?.messages ?? 0, dead, oldestWaitingAtMs: waiting?.oldest ?? null };
  }

  override async countMessagesByAccount(): Promise<readonly AccountMessages[]> {
    const rows = await this.store.rows<AccountRow>(BY_ACCOUNT);
    return rows.map(({ corp_id: corpId, open_kf_id: openKfId, waiting, dead, oldest }) => ({
      ...{ corpId, openKfId, waiting, dead },
      oldestWaitingAtMs: oldest,
    }));
  }

  override listStoredBefore(atMs: number): Promise<readonly MessageHead[]> {
    const sql = `SELECT ${MESSAGE_HEAD} FROM messages WHERE state = 'waiting' AND stored_at <= ?
      ORDER BY stored_at LIMIT ${STORED_BEFORE_MAX}`;
    return this.#readMessageHeads({ sql, values: [atMs] });
  }

  override async sweep(diedBeforeMs: number, untilMs: number, nowMs: number): Promise<void> {
    await this.store.step(
      'sweep messages',
      { sql: SWEEP_KNOWN, values: [nowMs] },
      { sql: SWEEP_DEAD, values: [untilMs, diedBeforeMs] },
    );
  }

  async #putOver(state: 'known' | 'waiting', message: Message): Promise<boolean> {
    const { key, ...row } = toMessageRow(message);
    const { sql, values } = setting(row);
    const update = `UPDATE messages SET ${sql} WHERE key = ? AND state = '${state}'`;
    return (await this.#changes('put message', update, ...values, key)) === 1;
  }

  async #changes(what: Step, sql: string, ...values: readonly Value[]): Promise<number> {
    const [result] = (await this.store.step(what, { sql, values })) ?? [];
    return result?.changes ?? 0;
  }

  async #count(from: string, ...values: readonly Value[]): Promise<number> {
    const [row] = await this.store.rows<{ rows: number }>(`SELECT count(*) AS rows FROM ${from}`, ...values);
    return row?.rows ?? 0;
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

  async #readMessages(sql: string, ...values: readonly Value[]): Promise<readonly Message[]> {
    return this.#readEach(toMessage, sql, values);
  }

  #readMessageHeads({ sql, values }: Sql): Promise<readonly MessageHead[]> {
    return this.#readEach(toMessageHead, sql, values);
  }

  /** As `#readLines`. */
  async #readEach<T>(
    read: (row: MessageRow) => T | null,
    sql: string,
    values: readonly Value[],
  ): Promise<readonly T[]> {
    for (;;) {
      const rows = await this.store.rows<MessageRow>(sql, ...values);
      const found = rows.map(read);
      const unreadable = rows.filter((_, n) => found[n] === null);
      for (const { key } of unreadable) await this.#setMessageAside(String(key));
      if (unreadable.length === 0) return found.filter((one) => one !== null);
    }
  }

  async #setMessageAside(key: string): Promise<void> {
    const set = `UPDATE messages SET state = '${UNREADABLE}', died_at = NULL
      WHERE key = ? AND state NOT IN ('known', '${UNREADABLE}')`;
    if ((await this.#changes('set message aside', set, key)) === 1) sayUnreadableMessage(this.log, key);
  }
}

interface GroupRow extends Pick<LineGroup, 'state' | 'endpoint' | 'stage' | 'accounts'> {
  readonly corp_id: string;
  readonly open_kf_id: string;
  readonly since: number;
  readonly answered: number | null;
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

function toMessageRow(message: Message) {
  const { corpId, openKfId, state, seq, lane, page, storedAtMs, lastFailure, content } = message;
  const { msgid, type, origin, sentAtMs, skip, merged } = message;
  return {
    key: webhookIdOf(message),
    corp_id: corpId,
    open_kf_id: openKfId,
    state,
    seq,
    lane,
    page_cursor: page.cursor,
    due_at: message.dueAtMs,
    stored_at: storedAtMs,
    died_at: state === 'dead' ? (lastFailure?.atMs ?? storedAtMs) : null,
    known_until: null,
    attempts: message.attempts,
    refusals: message.refusals,
    step: message.step,
    last_failure: lastFailure && JSON.stringify(lastFailure),
    head: JSON.stringify({ msgid, type, origin, sentAtMs, skip, appId: page.appId, merged }),
    content: content.reveal(),
  };
}

/** @returns `null` for what cannot be read. */
export function toMessageHead(row: MessageRow): MessageHead | null {
  const { appId, ...head } = (parse(row.head) ?? {}) as Record<string, unknown>;
  const message: unknown = {
    ...head,
    corpId: row.corp_id,
    openKfId: row.open_kf_id,
    seq: row.seq,
    lane: row.lane,
    page: { appId, cursor: row.page_cursor },
    state: row.state,
    storedAtMs: row.stored_at,
    attempts: row.attempts,
    refusals: row.refusals,
    step: row.step,
    dueAtMs: row.due_at,
    lastFailure: parse(row.last_failure),
  };
  return isMessageHead(String(row.key), message) ? message : null;
}

/** @returns `null` for what cannot be read. */
function toMessage(row: MessageRow): Message | null {
  const head = toMessageHead(row);
  return head === null || typeof row.content !== 'string'
    ? null
    : { ...head, content: new Secret(row.content) };
}

function toColumns({ state, dueAtMs, lastFailure, ...same }: MessageChange): Record<string, Value> {
  return {
    ...same,
    ...(state !== undefined && { state, died_at: state === 'dead' ? (lastFailure?.atMs ?? 0) : null }),
    ...(dueAtMs !== undefined && { due_at: dueAtMs }),
    ...(lastFailure !== undefined && { last_failure: lastFailure && JSON.stringify(lastFailure) }),
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
  return [`state IN (${states.map((state) => `'${state}'`)})`];
}

/** The first rows of these states. SQLite finds the rows of each state in this order, and merges them. */
function eachState(select: string, states: readonly string[], where: Sql, by: string, limit: number): Sql {
  const parts = states.map((state) => `${select} WHERE state = '${state}' AND ${where.sql}`);
  return {
    sql: `${parts.join(' UNION ALL ')} ORDER BY ${by} LIMIT ?`,
    values: [...states.flatMap(() => where.values), limit],
  };
}

function toConditions(kind: LineKind, filter: LineFilter): readonly Condition[] {
  const { corpId, openKfId, stage, arrivedFromMs, arrivedBeforeMs } = filter;
  const conditions: Condition[] = [];
  // '0' is the character after the slash.
  if (corpId !== null) conditions.push(['key >= ? AND key < ?', `${kind} ${corpId}/`, `${kind} ${corpId}0`]);
  if (openKfId !== undefined) conditions.push(['open_kf_id = ?', openKfId]);
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
