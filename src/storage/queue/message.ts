import { hash } from 'node:crypto';
import type { Secret } from '../../kernel/secret.js';
import { hasShape, isCount, isListOf, isNumber, isText, orAbsent, orNull } from '../../kernel/shape.js';
import { type Failure, isFailure } from './line.js';
import type { Identity } from '../../crypto/sealer.js';
import { type Addressee, accountKey } from '../../kernel/account.js';

/** What goes one after the other: all messages of an account, or only those of the same customer. */
export const MESSAGE_ORDERS = ['account', 'customer'] as const;
export type MessageOrder = (typeof MESSAGE_ORDERS)[number];

/** An entry of what `kf/sync_msg` gives, as it is kept (developer.work.weixin.qq.com/document/path/94670). */
export interface NewMessage {
  readonly msgid: string;
  /** WeCom's `msgtype`, such as `text` or `event`; `''` where there was none. */
  readonly type: string;
  /** 3: of a customer; 4: an event; 5: of a person who serves. Others are passed on as they are. */
  readonly origin: number;
  /** Identifies the customer within the account and does not name them; `''` for what concerns no customer. */
  readonly lane: string;
  /** When it was sent, by WeCom's clock, epoch milliseconds. */
  readonly sentAtMs: number;
  /** How many entries of its page came before it. */
  readonly skip: number;
  /** The whole entry as JSON; empty where it is too long. What a store keeps of it is sealed. */
  readonly content: Secret;
  /** Set when it is longer than `MESSAGE_BYTES_MAX`. It cannot be sent to any bot, so it is dead from the start. */
  readonly failure?: Failure;
  /** Whether it goes before older messages: it has a code that WeCom takes for 20 s. */
  readonly isUrgent: boolean;
  /** Whether it may be given together with the texts before and behind it: see `quick-texts.ts`. */
  readonly isText: boolean;
}

/** `waiting` until its bot takes it; `dead` once given up, until an operator revives it or its content goes. */
export type MessageState = 'waiting' | 'dead';
export const MESSAGE_STATES: readonly MessageState[] = ['waiting', 'dead'];

/** Where a pulled page begins. */
export interface PageStart {
  /** Identifies the app whose cursor it is. */
  readonly appId: string;
  /** `''` for the beginning of what WeCom keeps. */
  readonly cursor: string;
}

/** A message without what it says. Times without further words are store time, epoch milliseconds. */
export interface MessageHead
  extends Omit<NewMessage, 'content' | 'failure' | 'isUrgent' | 'isText'>, Addressee {
  /** Its place among the account's messages: the smallest number goes first. An urgent message has a negative one. */
  readonly seq: number;
  /** Where its page begins. A pull from there gives this message after `skip` others. */
  readonly page: PageStart;
  readonly state: MessageState;
  readonly storedAtMs: number;
  /** Attempts that ended, and the message was not taken. */
  readonly attempts: number;
  /** Of those, the ones that count against it: the bot was there and refused it. */
  readonly refusals: number;
  /** Its position in the retry schedule. */
  readonly step: number;
  /** When it may be sent; `null` unless it waits. */
  readonly dueAtMs: number | null;
  readonly lastFailure: Failure | null;
  /** The ids of the texts that it was joined from, in their order, its own last; absent where it is one text. */
  readonly merged?: readonly string[];
}

export interface Message extends MessageHead {
  readonly content: Secret;
}

/** The number of an urgent message that comes in as the one with this number. */
export function toUrgent(seq: number): number {
  return seq - Number.MAX_SAFE_INTEGER;
}

/** Tells which of two messages came first, which `seq` does not where one is urgent. */
export function arrivalOf({ seq }: Pick<MessageHead, 'seq'>): number {
  return seq < 0 ? seq + Number.MAX_SAFE_INTEGER : seq;
}

/** How long a taken message's id is known, so that it is not taken for a new one: WeCom gives 3 days of messages. */
export const SEEN_MS = 4 * 24 * 3_600_000;
/**
 * How long WeCom gives messages (developer.work.weixin.qq.com/document/path/94670). A message that waits longer is dead, and so is
 * an event that announces one.
 */
export const MESSAGE_LIFE_MS = 3 * 24 * 3_600_000;

/** Whether it is too long for any bot. Its content is not kept. */
export function isOversized({ lastFailure }: Pick<MessageHead, 'lastFailure'>): boolean {
  return lastFailure?.stage === 'oversized';
}

/** Whether it has waited for too long and is dead. A message that an operator has sent again may wait as long once more. */
export function isExpired({ storedAtMs, step, lastFailure, dueAtMs }: MessageHead, nowMs: number): boolean {
  const isSentAgain = step === 0 && lastFailure !== null;
  return nowMs - Math.max(storedAtMs, isSentAgain ? (dueAtMs ?? 0) : 0) >= MESSAGE_LIFE_MS;
}

/** Sent as `webhook-id`: the same for every attempt, in every process, also if WeCom gives the message again. */
export function webhookIdOf({ corpId, openKfId, msgid }: Addressee & Pick<NewMessage, 'msgid'>): string {
  return `msg_${hash('sha256', `${accountKey({ corpId, openKfId })}\n${msgid}`, 'base64url').slice(0, 27)}`;
}

export type ContentOwner = Pick<Message, 'corpId' | 'openKfId' | 'msgid'>;

/** The content of a message opens only in the record of this message. */
export function contentIdentityOf({ corpId, openKfId, msgid }: ContentOwner): Identity {
  return ['message', corpId, openKfId, msgid, 'content'];
}

const isWhole = hasShape<MessageHead>({
  corpId: isText,
  openKfId: isText,
  msgid: isText,
  type: isText,
  origin: isNumber,
  lane: isText,
  sentAtMs: isNumber,
  skip: isCount,
  seq: isCount,
  page: hasShape<PageStart>({ appId: isText, cursor: isText }),
  state: (value) => MESSAGE_STATES.some((state) => state === value),
  storedAtMs: isNumber,
  attempts: isCount,
  refusals: isCount,
  step: isCount,
  dueAtMs: orNull(isNumber),
  lastFailure: orNull(isFailure),
  merged: orAbsent(isListOf(isText)),
});

/** Whether a stored value is a message, and not something that another program has left. @param key `webhookIdOf`. */
export function isMessageHead(key: string, value: unknown): value is MessageHead {
  return isWhole(value) && key === webhookIdOf(value);
}
