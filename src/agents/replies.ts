/** Answers of services that are not sent yet: kept sealed, so that a process that dies in between does not ask again. */
import { Injectable } from '@nestjs/common';
import { Secret } from '../kernel/secret.js';
import { StoreClock } from '../kernel/store-clock.js';
import { MESSAGE_LIFE_MS } from '../queue/message.js';
import type { RecordKind } from '../storage/records/record-kind.js';
import type { ConversationTurn } from './forms/form.js';
import { type Records, RecordStore } from '../storage/records/records.js';

/** How long it is known that an answer was sent: its message is taken right after that. */
const SENT_MS = 3_600_000;

/** What a customer is sent for a message. */
export interface Reply {
  readonly parts: readonly string[];
  /** Whether the customer is handed over to people after that. */
  readonly handsOver: boolean;
  /** The service's conversation from then on; `null` leaves it as it is. */
  readonly conversationId: string | null;
  /** What is remembered of it for the next question; `null` for nothing. */
  readonly exchanged: ConversationTurn | null;
  /** Whether it says that only text is understood. */
  readonly isUnsupported: boolean;
}

/** Nothing is to be sent. */
export const NOTHING: Reply = {
  parts: [],
  handsOver: false,
  conversationId: null,
  exchanged: null,
  isUnsupported: false,
};

/** What is known of the answer to a message. */
export interface KnownReply extends Reply {
  /** Nothing is left to be done: its parts are not kept any more. */
  readonly isSent: boolean;
}

export interface StoredReply {
  /** The webhook id of the message. */
  readonly key: string;
  /** `Reply` as JSON; `''` once it was sent. */
  readonly content: Secret;
  readonly isSent: boolean;
  readonly expiresAtMs: number;
}

export const REPLIES: RecordKind<StoredReply> = {
  name: 'replies',
  keyOf: ({ key }) => key,
  expiresAtMsOf: ({ expiresAtMs }) => expiresAtMs,
  sealed: { at: ['content'], boundTo: [], isReplaceable: true },
};

/** By the webhook id of the message. All methods reject with AppError `STORE_UNAVAILABLE`, and are safe to repeat. */
@Injectable()
export class Replies {
  readonly #records: Records<StoredReply>;

  constructor(
    records: RecordStore,
    private readonly storeClock: StoreClock,
  ) {
    this.#records = records.of(REPLIES);
  }

  async find(webhookId: string): Promise<KnownReply | null> {
    return this.#read(await this.#records.find(webhookId));
  }

  /** @returns the answer that was there before, and stays; `null` where this one is kept. */
  async keep(key: string, reply: Reply): Promise<KnownReply | null> {
    const content = new Secret(JSON.stringify(reply));
    const expiresAtMs = this.storeClock.nowMs() + MESSAGE_LIFE_MS;
    const { outcome, record } = await this.#records.change(key, (before) =>
      this.#read(before) === null ? { key, content, isSent: false, expiresAtMs } : null,
    );
    return outcome === 'left' ? this.#read(record) : null;
  }

  async sent(key: string): Promise<void> {
    const expiresAtMs = this.storeClock.nowMs() + SENT_MS;
    await this.#records.change(key, () => ({ key, content: new Secret(''), isSent: true, expiresAtMs }));
  }

  #read(stored: StoredReply | null): KnownReply | null {
    if (stored === null || stored.expiresAtMs <= this.storeClock.nowMs()) return null;
    if (stored.isSent) return { ...NOTHING, isSent: true };
    const text = stored.content.reveal();
    return text === '' ? null : { ...(JSON.parse(text) as Reply), isSent: false };
  }
}
