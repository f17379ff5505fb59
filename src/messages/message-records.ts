import type { Secret } from '../kernel/secret.js';
import type { Addressee } from '../registry/destination.js';
import { accountKey } from '../registry/puppet.js';
import { type Message, type MessageHead, type NewMessage, type PageStart, webhookIdOf } from './message.js';
import { type MessageAccount, toAddressee } from './message-queue.js';

/** What is written in one commit. Messages are found by `webhookIdOf`. */
export interface MessageChange {
  readonly kept?: readonly Message[];
  /** Of these nothing but the id was left. */
  readonly back?: readonly Message[];
  readonly heads?: readonly MessageHead[];
  /** Nothing but the ids is left of these. */
  readonly known?: readonly { readonly key: string; readonly untilMs: number }[];
  /** Not even the ids are left of these. */
  readonly gone?: readonly string[];
  readonly account?: MessageAccount;
}

/** Storage of messages for a process that owns its messages alone. */
export interface MessageRecords {
  /** Durable when it resolves. */
  write(change: MessageChange): Promise<void>;
  /** @returns `null` when it is not there. */
  readContent(key: string): Secret | null;
  /** Whether nothing but the id is left. */
  isKnown(key: string): boolean;
  /** @throws AppError `STORE_UNAVAILABLE` when new messages must not be kept now. */
  requireRoom(): void;
  /** @throws AppError `STORE_UNAVAILABLE` when nothing at all can be written now. */
  requireWritable(): void;
  /** Removes ids whose time is over, of some thousand that it looks at. */
  sweepKnown(nowMs: number): Promise<void>;
}

/** As a new message is kept: it waits and is due, or is dead. */
export function toMessage(
  { failure, ...message }: NewMessage,
  account: Addressee,
  page: PageStart,
  seq: number,
  nowMs: number,
): Message {
  return {
    ...message,
    ...toAddressee(account),
    page,
    seq,
    state: failure === undefined ? 'waiting' : 'dead',
    storedAtMs: nowMs,
    attempts: 0,
    refusals: 0,
    step: 0,
    dueAtMs: failure === undefined ? nowMs : null,
    lastFailure: failure ?? null,
  };
}

/** Messages in memory; they are lost with the process. */
export class MemoryMessageRecords implements MessageRecords {
  readonly #accounts = new Map<string, MessageAccount>();
  readonly #heads = new Map<string, MessageHead>();
  readonly #contents = new Map<string, Secret>();
  readonly #known = new Map<string, number>();

  accounts(): Iterable<MessageAccount> {
    return this.#accounts.values();
  }

  heads(): Iterable<MessageHead> {
    return this.#heads.values();
  }

  async write(change: MessageChange): Promise<void> {
    const { kept = [], back = [], heads = [], known = [], gone = [], account } = change;
    for (const { content, ...head } of [...kept, ...back]) {
      this.#heads.set(webhookIdOf(head), head);
      this.#contents.set(webhookIdOf(head), content);
    }
    for (const message of back) this.#known.delete(webhookIdOf(message));
    for (const head of heads) this.#heads.set(webhookIdOf(head), head);
    for (const { key, untilMs } of known) {
      this.#heads.delete(key);
      this.#contents.delete(key);
      this.#known.set(key, untilMs);
    }
    for (const key of gone) {
      this.#heads.delete(key);
      this.#contents.delete(key);
    }
    if (account !== undefined) this.#accounts.set(accountKey(account), account);
  }

  readContent(key: string): Secret | null {
    return this.#contents.get(key) ?? null;
  }

  isKnown(key: string): boolean {
    return this.#known.has(key);
  }

  requireRoom(): void {}

  requireWritable(): void {}

  async sweepKnown(nowMs: number): Promise<void> {
    for (const [key, untilMs] of this.#known) if (untilMs <= nowMs) this.#known.delete(key);
  }
}
