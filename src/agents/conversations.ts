/** A customer's conversation with an agent. It is kept sealed, until 48 h after its last message. */
import { Injectable } from '@nestjs/common';
import { Secret } from '../kernel/secret.js';
import { StoreClock } from '../kernel/store-clock.js';
import type { AgentBot } from '../registry/bots/known-bots.js';
import type { RecordKind } from '../storage/records/record-kind.js';
import { type Records, RecordStore } from '../storage/records/records.js';
import type { ConversationTurn } from './forms/form.js';

const KEPT_MS = 48 * 3_600_000;
/** How many messages a customer may be sent until the next one of theirs (developer.work.weixin.qq.com/document/path/94677). */
export const SENDS_MAX = 5;

export interface Conversation {
  /** Of the service, or ours where it takes that; `null` before the first answer. */
  readonly id: string | null;
  /** The webhook id of the message whose answer was noted here last; `null` for none. */
  readonly answeredFor: string | null;
  /** The oldest first. */
  readonly history: readonly ConversationTurn[];
  /** When the customer was last sent something, store time: the last few times, rising. */
  readonly sentAtMs: readonly number[];
  /** When the customer was last told to wait, or could not be; 0 for never. Store time. */
  readonly toldToWaitAtMs: number;
  /** Until when the customer is not told so again; 0 once an answer came. Store time. */
  readonly toldToWaitUntilMs: number;
  /** The customer is being told so now, by this time at the latest; 0 for not. Store time. */
  readonly tellingUntilMs: number;
  /** When the customer was last told that only text is understood; 0 for never. Store time. */
  readonly toldTextOnlyAtMs: number;
}

export interface StoredConversation {
  /** The bot, the form of its service, and the customer as `customerKey` has it. */
  readonly key: string;
  /** `Conversation` as JSON. */
  readonly content: Secret;
  readonly expiresAtMs: number;
}

export const CONVERSATIONS: RecordKind<StoredConversation> = {
  name: 'conversations',
  keyOf: ({ key }) => key,
  expiresAtMsOf: ({ expiresAtMs }) => expiresAtMs,
  sealed: { at: ['content'], boundTo: [], isReplaceable: true },
};

type AgentOf = Pick<AgentBot, 'id' | 'agent'>;

const NEW: Conversation = {
  id: null,
  answeredFor: null,
  history: [],
  sentAtMs: [],
  toldToWaitAtMs: 0,
  toldToWaitUntilMs: 0,
  tellingUntilMs: 0,
  toldTextOnlyAtMs: 0,
};

/** All methods reject with AppError `STORE_UNAVAILABLE`, and are safe to repeat. */
@Injectable()
export class Conversations {
  readonly #records: Records<StoredConversation>;

  constructor(
    records: RecordStore,
    private readonly storeClock: StoreClock,
  ) {
    this.#records = records.of(CONVERSATIONS);
  }

  async find(bot: AgentOf, user: string): Promise<Conversation> {
    return this.#read(await this.#records.find(keyOf(bot, user)));
  }

  /** @param step gives the conversation as it is from now on. It may be called more than once. */
  async change(bot: AgentOf, user: string, step: (before: Conversation) => Conversation): Promise<void> {
    const key = keyOf(bot, user);
    await this.#records.change(key, (before) => ({
      key,
      content: new Secret(JSON.stringify(step(this.#read(before)))),
      expiresAtMs: this.storeClock.nowMs() + KEPT_MS,
    }));
  }

  /** One that is over, or that does not open any more, begins anew. */
  #read(stored: StoredConversation | null): Conversation {
    if (stored === null || stored.expiresAtMs <= this.storeClock.nowMs()) return NEW;
    const text = stored.content.reveal();
    return text === '' ? NEW : { ...NEW, ...(JSON.parse(text) as Conversation) };
  }
}

/** Begins anew. The times of what was sent stay, since WeCom counts it. */
export function reset(before: Conversation): Conversation {
  return { ...before, id: null, history: [] };
}

/** Something was sent to the customer. */
export function sent(before: Conversation, times: number, nowMs: number): Conversation {
  const sentAtMs = [...before.sentAtMs, ...Array.from({ length: times }, () => nowMs)].slice(-SENDS_MAX);
  return { ...before, sentAtMs };
}

/** How many messages the customer may still be sent, as far as is known here. @param askedAtMs when the last of theirs came. */
export function sendsLeft({ sentAtMs }: Conversation, askedAtMs: number): number {
  return SENDS_MAX - sentAtMs.filter((atMs) => atMs >= askedAtMs).length;
}

/** A service of another form does not know the conversation's id, and may refuse it as no id at all. */
function keyOf({ id, agent }: AgentOf, user: string): string {
  return `${id} ${agent.form} ${user}`;
}
