/** What answers to `kf/sync_msg` tell of customers and of replies, as they pass. It keeps no words, no ids of messages and no customers. */
import type { Addressee } from '../../kernel/account.js';
import { ORIGIN, type SyncEntry } from '../../kernel/wecom-format.js';
import { SpacedTimes } from '../../kernel/spaced-times.js';
import type { StoreClock } from '../../kernel/store-clock.js';
import type { CallOutcomes } from './call-outcomes.js';

/** A program that begins anew reads what it has answered before. */
const NEW_MS = 600_000;
const ACCOUNTS_MAX = 100_000;

/** When a program read messages of an account from WeCom. Plain JSON, store time. */
export interface ReadTimes extends Addressee {
  /** When it last read any answer: what came is known here. */
  readonly readAtMs: number;
  /** Of answers that had a customer's message which nobody had answered: see `SpacedTimes`. */
  readonly messages: readonly number[];
}

interface Read extends Addressee {
  readAtMs: number;
  readonly messages: SpacedTimes;
}

export class ReadMessages {
  /** By the account's id, of the corp that WeCom gave them to last. */
  readonly #read = new Map<string, Read>();

  constructor(
    private readonly outcomes: CallOutcomes,
    private readonly storeClock: StoreClock,
  ) {}

  /** @param account whose messages were asked for. @param isOfProgram false where the manager pulled: its bot has not read them yet. */
  note(account: Addressee, entries: readonly SyncEntry[], isOfProgram: boolean): void {
    const nowMs = this.storeClock.nowMs();
    if (isOfProgram) this.#readOf(account, nowMs).readAtMs = nowMs;
    for (const entry of entries) {
      const sentAtMs = Number(entry.send_time) * 1_000;
      if (!(nowMs - sentAtMs < NEW_MS)) continue;
      const event = isObject(entry.event) ? entry.event : {};
      if (entry.origin === ORIGIN.servicer) this.outcomes.answered(account);
      else if (event.event_type === 'msg_send_fail')
        this.outcomes.sendFailed(account, Number(event.fail_type) || 0);
      else if (entry.origin === ORIGIN.customer && isOfProgram) this.#noteMessage(account, sentAtMs, nowMs);
    }
  }

  of(account: Addressee): ReadTimes | null {
    const read = this.#read.get(account.openKfId);
    return read?.corpId === account.corpId ? toTimes(read) : null;
  }

  *seenSince(sinceMs: number): Generator<ReadTimes> {
    for (const read of this.#read.values()) if (read.readAtMs >= sinceMs) yield toTimes(read);
  }

  forget(openKfId: string): void {
    this.#read.delete(openKfId);
  }

  #noteMessage(account: Addressee, sentAtMs: number, nowMs: number): void {
    const repliedAtMs = this.outcomes.repliedAtMs(account);
    // WeCom's times have whole seconds.
    if (repliedAtMs < sentAtMs + 1_000) this.#readOf(account, nowMs).messages.add(nowMs, repliedAtMs);
  }

  #readOf({ corpId, openKfId }: Addressee, readAtMs: number): Read {
    const known = this.#read.get(openKfId);
    if (known?.corpId === corpId) return known;
    const [first] = this.#read.size >= ACCOUNTS_MAX ? this.#read.keys() : [];
    if (first !== undefined) this.#read.delete(first);
    const added = { corpId, openKfId, readAtMs, messages: new SpacedTimes() };
    this.#read.set(openKfId, added);
    return added;
  }
}

function toTimes({ corpId, openKfId, readAtMs, messages }: Read): ReadTimes {
  return { corpId, openKfId, readAtMs, messages: messages.all() };
}

function isObject(value: unknown): value is SyncEntry {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
