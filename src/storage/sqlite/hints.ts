/** Waiting hints in `wxkf.db`. This file knows nothing of when a hint is due. */
import { randomUUID } from 'node:crypto';
import {
  HINT_STATES,
  type Hint,
  type HintHead,
  type HintState,
  hintKey,
  type KeptEvent,
} from '../../dispatch/outbox/hint.js';
import type { KfEvent, RawCallback } from '../../dispatch/kf-event.js';
import { type HintStore, LocalOutbox } from '../../dispatch/outbox/local-outbox.js';
import type { Log } from '../../kernel/log.js';
import { readTraceparent } from '../../kernel/trace-context.js';
import { type Check, hasShape, isCount, isNumber, isText, orAbsent, orNull } from '../record-shape.js';
import { sayUnreadable } from '../unreadable-hint.js';
import type { SqliteStore } from './sqlite-store.js';

const PUT = 'INSERT INTO hints VALUES (?, ?) ON CONFLICT DO UPDATE SET hint = excluded.hint';
const REMOVE = 'DELETE FROM hints WHERE key = ?';
const SET_ASIDE = 'INSERT INTO unreadable_hints SELECT ?, key, hint FROM hints WHERE key = ?';

/** Reads all that waits; unreadable records are set aside. @throws AppError `STORE_UNAVAILABLE` */
export async function openSqliteOutbox(store: SqliteStore, log: Log): Promise<LocalOutbox> {
  const hints = new SqliteHints(store, log);
  return new LocalOutbox(hints, await hints.load());
}

export class SqliteHints implements HintStore {
  /** What is on the disk, as its JSON. */
  readonly #stored = new Map<string, string>();
  /** Events whose last write is still running. */
  readonly #underWay = new Map<string, KeptEvent>();
  #unreadable = 0;

  constructor(
    private readonly store: SqliteStore,
    private readonly log: Log,
  ) {}

  get unreadable(): number {
    return this.#unreadable;
  }

  /** The heads of all hints. Call it once, before anything is written. @throws AppError `STORE_UNAVAILABLE` */
  async load(): Promise<readonly HintHead[]> {
    const [aside] = await this.store.rows<{ count: number }>(
      'SELECT count(*) AS count FROM unreadable_hints',
    );
    this.#unreadable = aside?.count ?? 0;
    const heads: HintHead[] = [];
    for (const { key, hint } of await this.store.rows<{ key: string; hint: string }>('SELECT * FROM hints')) {
      const stored = readStored(key, hint);
      if (stored === null) await this.#setAside(key);
      else {
        this.#stored.set(key, hint);
        heads.push(toHead(stored));
      }
    }
    return heads;
  }

  async write(key: string, hint: Hint): Promise<void> {
    const kept: KeptEvent = { event: hint.event, keysId: hint.keysId };
    const text = toText(hint);
    this.#underWay.set(key, kept);
    try {
      await this.store.step('write hint', { sql: PUT, values: [key, text] });
      this.#stored.set(key, text);
    } finally {
      // Unless a later write or remove has overtaken this one.
      if (this.#underWay.get(key) === kept) this.#underWay.delete(key);
    }
  }

  async remove(key: string): Promise<void> {
    this.#underWay.delete(key);
    await this.store.step('remove hint', { sql: REMOVE, values: [key] });
    this.#stored.delete(key);
  }

  readEvent(key: string): KeptEvent | null {
    const text = this.#stored.get(key);
    return this.#underWay.get(key) ?? (text === undefined ? null : toKept(JSON.parse(text)));
  }

  async #setAside(key: string): Promise<void> {
    this.#unreadable++;
    sayUnreadable(this.log, key);
    const move = { sql: SET_ASIDE, values: [randomUUID(), key] };
    // If it fails, the record stays where it is and is found again at the next start.
    await this.store.step('set hint aside', move, { sql: REMOVE, values: [key] }).catch(() => {});
  }
}

/** One character per byte: nearly all of it is ASCII, which base64 would make longer by a third. */
type StoredRaw = Omit<RawCallback, 'body'> & { readonly body: string };
type StoredEvent = Omit<KfEvent, 'raw' | 'traceparent'> & {
  readonly raw: StoredRaw | null;
  readonly traceparent: unknown;
};
/** Without its lease, which ends with the process, and without what its event says as well. */
type StoredHint = Omit<Hint, 'lease' | 'event' | 'eventId' | 'createdAtS'> & { readonly event: StoredEvent };

function toText({ lease: _lease, eventId: _id, createdAtS: _createdAtS, event, ...same }: Hint): string {
  const { raw } = event;
  const storedRaw = raw === null ? null : { ...raw, body: raw.body.toString('latin1') };
  return JSON.stringify({ ...same, event: { ...event, raw: storedRaw } });
}

/** @returns `null` for what is no hint, or not the one of this key; no attempt is made to repair it. */
function readStored(key: string, text: string): StoredHint | null {
  try {
    const stored: unknown = JSON.parse(text);
    return isStoredHint(stored) && hintKey(stored) === key && hintKey(stored.event) === key ? stored : null;
  } catch {
    return null;
  }
}

function toHead({ event, keysId: _keysId, ...same }: StoredHint): HintHead {
  return { ...same, eventId: event.id, createdAtS: event.createdAtS, lease: null };
}

function toKept({ event, keysId }: StoredHint): KeptEvent {
  const { raw } = event;
  const kept = raw === null ? null : { ...raw, body: Buffer.from(raw.body, 'latin1') };
  return { event: { ...event, raw: kept, traceparent: readTraceparent(event.traceparent) }, keysId };
}

const isState: Check = (value) => HINT_STATES.includes(value as HintState);

const isStoredHint = hasShape<StoredHint>({
  corpId: isText,
  openKfId: isText,
  generation: isText,
  state: isState,
  arrivedAtMs: isNumber,
  waitingSinceMs: isNumber,
  attempts: isNumber,
  step: isNumber,
  dueAtMs: orNull(isNumber),
  endpoint: orNull(isText),
  lastFailure: orNull(
    hasShape<NonNullable<Hint['lastFailure']>>({
      atMs: isNumber,
      stage: isText,
      reason: isText,
      status: orAbsent(isCount),
    }),
  ),
  keysId: orNull(isText),
  probedAtMs: isNumber,
  event: hasShape<StoredEvent>({
    id: isText,
    corpId: isText,
    openKfId: isText,
    syncToken: isText,
    createdAtS: orNull(isNumber),
    lagMs: isNumber,
    raw: orNull(
      hasShape<StoredRaw>({ msgSignature: isText, timestamp: isText, nonce: isText, body: isText }),
    ),
    // An invalid one is left out: no event is lost for it.
    traceparent: () => true,
  }),
});
