/**
 * What a replica saw that is no delivery, and that the others have to know: how calls to WeCom went, that programs read messages,
 * that accounts were forgotten, and which sync tokens came. It is in records of the log that nobody is shown. All of it can be added to what is known
 * already, in any order.
 */
import type { Addressee } from '../kernel/account.js';
import type { GoodToken } from '../registry/bots/sync-tokens.js';
import { type WecomOutcome, outcomeKey, together } from './outcome.js';
import { type CustomerSign, newestMsOfCustomer } from './unanswered-customers.js';

/** That a program read messages of an account from WeCom. Plain JSON, store time. */
export interface MessageRead extends Addressee {
  /** When it last read any answer: what came is known here. */
  readonly readAtMs: number;
  /** Always empty. Replicas of earlier versions read it. */
  readonly messages: readonly [];
}

/** That the bot of an account took what asks for a reply, where there is no log that says so. Plain JSON, store time. */
export interface TakenQuestion extends Addressee {
  readonly asks: 'message' | 'event';
  /** When the bot was first and last given such. */
  readonly times: readonly number[];
}

export interface ForgottenAccount {
  readonly openKfId: string;
  /** Records from before are about a registration that is gone. */
  readonly atMs: number;
}

/** A sync token of an event. Plain JSON. */
export interface SeenToken extends Pick<GoodToken, 'hash'> {
  /** Until when it is good, store time. */
  readonly untilMs: number;
}

/** Plain JSON. */
export interface Signs {
  /** Each has what went well, or failed, since the sign before. */
  readonly outcomes: readonly WecomOutcome[];
  readonly reads: readonly MessageRead[];
  readonly forgotten: readonly ForgottenAccount[];
  /** Only without a delivery log. */
  readonly questions?: readonly TakenQuestion[];
  /** All that is known of each. Not in entries of earlier versions. */
  readonly customers?: readonly CustomerSign[];
  /** Not in entries of earlier versions. */
  readonly tokens?: readonly SeenToken[];
}

/** So many of each kind are in one record, which is encoded in one turn of the event loop. */
const PER_RECORD_MAX = 100;
/** Of each kind; the oldest go first. A caller can name any account while the store is away. */
const PENDING_MAX = 100_000;

/** Signs that are about to be written, added up. */
export class PendingSigns {
  readonly #outcomes = new Map<string, WecomOutcome>();
  readonly #reads = new Map<string, MessageRead>();
  readonly #forgotten = new Map<string, ForgottenAccount>();
  readonly #questions = new Map<string, TakenQuestion>();
  readonly #customers = new Map<string, CustomerSign>();
  readonly #tokens = new Map<string, SeenToken>();

  get isEmpty(): boolean {
    return this.#all.every(({ size }) => size === 0);
  }

  get #all() {
    return [
      this.#outcomes,
      this.#reads,
      this.#forgotten,
      this.#questions,
      this.#customers,
      this.#tokens,
    ] as const;
  }

  add({
    outcomes = [],
    reads = [],
    forgotten = [],
    questions = [],
    customers = [],
    tokens = [],
  }: Partial<Signs>): void {
    for (const outcome of outcomes) {
      const key = outcomeKey(outcome);
      const before = this.#outcomes.get(key);
      put(this.#outcomes, key, before === undefined ? outcome : together(before, outcome));
    }
    for (const read of reads) {
      const key = `${read.corpId} ${read.openKfId}`;
      const before = this.#reads.get(key);
      put(this.#reads, key, before === undefined || read.readAtMs > before.readAtMs ? read : before);
    }
    for (const one of questions) {
      const key = `${one.corpId} ${one.openKfId} ${one.asks}`;
      const before = this.#questions.get(key);
      put(this.#questions, key, { ...one, times: firstAndLast([...(before?.times ?? []), ...one.times]) });
    }
    for (const one of customers) {
      const key = `${one.corpId} ${one.openKfId} ${one.customer}`;
      const before = this.#customers.get(key);
      // What could not be written comes again, behind what is newer.
      if (before === undefined || newestMsOfCustomer(before) <= newestMsOfCustomer(one))
        put(this.#customers, key, one);
    }
    for (const one of forgotten)
      if (one.atMs >= (this.#forgotten.get(one.openKfId)?.atMs ?? 0)) put(this.#forgotten, one.openKfId, one);
    for (const token of tokens) put(this.#tokens, token.hash, token);
  }

  /** Empties it. */
  take(): Signs[] {
    const [outcomes, reads, forgotten, questions, customers, tokens] = [
      [...this.#outcomes.values()],
      [...this.#reads.values()],
      [...this.#forgotten.values()],
      [...this.#questions.values()],
      [...this.#customers.values()],
      [...this.#tokens.values()],
    ] as const;
    for (const kind of this.#all) kind.clear();
    const most = Math.max(
      ...[outcomes, reads, forgotten, questions, customers, tokens].map(({ length }) => length),
    );
    return Array.from({ length: Math.ceil(most / PER_RECORD_MAX) }, (_, n) => {
      const part = <T>(all: readonly T[]) => all.slice(n * PER_RECORD_MAX, (n + 1) * PER_RECORD_MAX);
      return {
        outcomes: part(outcomes),
        reads: part(reads),
        forgotten: part(forgotten),
        questions: part(questions),
        customers: part(customers),
        tokens: part(tokens),
      };
    });
  }
}

function put<T>(all: Map<string, T>, key: string, one: T): void {
  all.set(key, one);
  const [first] = all.size > PENDING_MAX ? all.keys() : [];
  if (first !== undefined) all.delete(first);
}

function firstAndLast(times: readonly number[]): readonly number[] {
  return times.length < 2 ? times : [Math.min(...times), Math.max(...times)];
}
