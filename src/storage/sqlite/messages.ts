/** Messages in `wxkf.db`, for the queues of one process. This file knows nothing of when a message is due. */
import type { Failure } from '../../dispatch/outbox/hint.js';
import type { Log } from '../../kernel/log.js';
import { Secret } from '../../kernel/secret.js';
import { LocalMessageStore } from '../../messages/local-message-store.js';
import {
  MESSAGE_STATES,
  type MessageHead,
  type MessageState,
  type PageStart,
  webhookIdOf,
} from '../../messages/message.js';
import type { CursorMove, MessageAccount } from '../../messages/message-queue.js';
import type { MessageChange, MessageRecords } from '../../messages/message-records.js';
import { accountKey } from '../../registry/puppet.js';
import {
  type Check,
  hasShape,
  isCount,
  isListOf,
  isNumber,
  isText,
  orAbsent,
  orNull,
} from '../record-shape.js';
import { sayUnreadable } from '../unreadable-message.js';
import type { Statement } from './database.js';
import type { SqliteStore } from './sqlite-store.js';

const PUT_MESSAGE =
  'INSERT INTO messages VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET head = excluded.head, content = excluded.content';
const PUT_HEAD = 'UPDATE messages SET head = ? WHERE key = ?';
const REMOVE_MESSAGE = 'DELETE FROM messages WHERE key = ?';
const PUT_KNOWN =
  'INSERT INTO known_messages VALUES (?, ?) ON CONFLICT DO UPDATE SET until_ms = excluded.until_ms';
const REMOVE_KNOWN = 'DELETE FROM known_messages WHERE key = ?';
const SWEEP_KNOWN =
  'DELETE FROM known_messages WHERE key IN (SELECT key FROM known_messages WHERE until_ms <= ? LIMIT ?) RETURNING key';
const PUT_ACCOUNT =
  'INSERT INTO message_accounts VALUES (?, ?) ON CONFLICT DO UPDATE SET account = excluded.account';

/** How many known ids a sweep removes. */
const SWEEP_SIZE = 5_000;

/** Reads all that waits. @throws AppError `STORE_UNAVAILABLE` */
export async function openSqliteMessages(store: SqliteStore, log: Log): Promise<LocalMessageStore> {
  const records = new SqliteMessages(store);
  const { accounts, heads, unreadable } = await records.load();
  for (const key of unreadable) sayUnreadable(log, key);
  return new LocalMessageStore(records, accounts, heads);
}

class SqliteMessages implements MessageRecords {
  /** What is on the disk. */
  readonly #contents = new Map<string, string>();
  readonly #known = new Set<string>();

  constructor(private readonly store: SqliteStore) {}

  /** What is kept, and the keys of records that cannot be read: they stay as they are. Call it once. */
  async load() {
    const accounts: MessageAccount[] = [];
    const heads: MessageHead[] = [];
    const unreadable: string[] = [];
    for (const row of await this.store.rows<{ key: string; account: string }>(
      'SELECT * FROM message_accounts',
    )) {
      const account = readAccount(row.key, row.account);
      if (account === null) unreadable.push(row.key);
      else accounts.push(account);
    }
    for (const row of await this.store.rows<{ key: string; head: string; content: string }>(
      'SELECT * FROM messages',
    )) {
      const head = readHead(row.key, row.head);
      if (head === null) unreadable.push(row.key);
      else {
        heads.push(head);
        this.#contents.set(row.key, row.content);
      }
    }
    for (const { key } of await this.store.rows<{ key: string }>('SELECT key FROM known_messages'))
      this.#known.add(key);
    return { accounts, heads, unreadable };
  }

  async write(change: MessageChange): Promise<void> {
    const { kept = [], back = [], heads = [], known = [], gone = [], account } = change;
    const put = [...kept, ...back].map(({ content, ...head }) => ({
      key: webhookIdOf(head),
      head: JSON.stringify(head),
      content: content.reveal(),
    }));
    const backKeys = back.map(webhookIdOf);
    const removed = [...known.map(({ key }) => key), ...gone];
    const statements: Statement[] = [
      ...put.map(({ key, head, content }) => ({ sql: PUT_MESSAGE, values: [key, head, content] })),
      ...backKeys.map((key) => ({ sql: REMOVE_KNOWN, values: [key] })),
      ...heads.map((head) => ({ sql: PUT_HEAD, values: [JSON.stringify(head), webhookIdOf(head)] })),
      ...removed.map((key) => ({ sql: REMOVE_MESSAGE, values: [key] })),
      ...known.map(({ key, untilMs }) => ({ sql: PUT_KNOWN, values: [key, untilMs] })),
    ];
    if (account !== undefined)
      statements.push({ sql: PUT_ACCOUNT, values: [accountKey(account), JSON.stringify(account)] });
    await this.store.step(kept.length > 0 ? 'keep messages' : 'change messages', ...statements);
    for (const { key, content } of put) this.#contents.set(key, content);
    for (const key of backKeys) this.#known.delete(key);
    for (const key of removed) this.#contents.delete(key);
    for (const { key } of known) this.#known.add(key);
  }

  readContent(key: string): Secret | null {
    const content = this.#contents.get(key);
    return content === undefined ? null : new Secret(content);
  }

  isKnown(key: string): boolean {
    return this.#known.has(key);
  }

  requireRoom(): void {
    this.store.requireRoomForMessages();
  }

  requireWritable(): void {
    this.store.requireWritable();
  }

  async sweepKnown(nowMs: number): Promise<void> {
    const sweep = { sql: SWEEP_KNOWN, values: [nowMs, SWEEP_SIZE] };
    const [over] = (await this.store.step('sweep messages', sweep)) ?? [];
    for (const { key } of over?.rows ?? []) this.#known.delete(String(key));
  }
}

/** @returns `null` for what is no message, or not the one of this key. */
export function readHead(key: string, text: string): MessageHead | null {
  const stored = parse(text);
  return isHead(stored) && webhookIdOf(stored) === key ? stored : null;
}

/** @returns `null` for what is no account, or not the one of this key. */
function readAccount(key: string, text: string): MessageAccount | null {
  const stored = parse(text);
  return isAccount(stored) && accountKey(stored) === key ? stored : null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const isState: Check = (value) => MESSAGE_STATES.includes(value as MessageState);

const isHead = hasShape<MessageHead>({
  corpId: isText,
  openKfId: isText,
  msgid: isText,
  type: isText,
  origin: isNumber,
  lane: isText,
  skip: isCount,
  page: hasShape<PageStart>({ appId: isText, cursor: isText }),
  sentAtMs: isNumber,
  seq: isCount,
  state: isState,
  storedAtMs: isNumber,
  attempts: isCount,
  refusals: isCount,
  step: isCount,
  dueAtMs: orNull(isNumber),
  lastFailure: orNull(
    hasShape<Failure>({ atMs: isNumber, stage: isText, reason: isText, status: orAbsent(isCount) }),
  ),
});

const isAccount = hasShape<MessageAccount>({
  corpId: isText,
  openKfId: isText,
  cursors: (value) => typeof value === 'object' && value !== null && Object.values(value).every(isText),
  regime: orNull(isText),
  coveredUntilMs: isNumber,
  mover: orNull(hasShape<NonNullable<MessageAccount['mover']>>({ takerId: isText, appId: isText })),
  moves: isListOf(hasShape<CursorMove>({ appId: isText, from: isText, atMs: isNumber })),
  wentBackUntilMs: isNumber,
  pulledAtMs: isNumber,
  nextSeq: isCount,
  endpoint: orNull(isText),
});
