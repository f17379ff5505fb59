import { hash } from 'node:crypto';
import { Secret } from '../kernel/secret.js';
import { hasShape, isCount, isListOf, isNumber, isText, orAbsent, orNull } from '../kernel/shape.js';
import { type Entry, ENTRY_STATES, type EntryState, type PageStart } from '../storage/queue/entry.js';
import { isLastFailure } from '../storage/queue/line.js';
import type { Failure } from './failure.js';
import { accountKey, type Addressee, toAddressee } from '../kernel/account.js';

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

/** A message without what it says. Times without further words are store time, epoch milliseconds. */
export interface MessageHead
  extends Omit<NewMessage, 'content' | 'failure' | 'isUrgent' | 'isText'>, Addressee {
  /** Its place among the account's messages: the smallest number goes first. An urgent message has a negative one. */
  readonly seq: number;
  /** Where its page begins. A pull from there gives this message after `skip` others. */
  readonly page: PageStart;
  readonly state: EntryState;
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

const isWhole = hasShape<MessageHead>({
  corpId: isText,
  openKfId: isText,
  msgid: isText,
  type: isText,
  origin: isNumber,
  lane: isText,
  sentAtMs: isNumber,
  skip: isCount,
  seq: isNumber,
  page: hasShape<PageStart>({ appId: isText, cursor: isText }),
  state: (value) => ENTRY_STATES.some((state) => state === value),
  storedAtMs: isNumber,
  attempts: isCount,
  refusals: isCount,
  step: isCount,
  dueAtMs: orNull(isNumber),
  lastFailure: orNull(isLastFailure),
  merged: orAbsent(isListOf(isText)),
});

/** As a new message is kept: it waits and is due, or is dead. */
export function toNew(
  { failure, isUrgent, isText: _isText, ...message }: NewMessage,
  account: Addressee,
  page: PageStart,
  seq: number,
  nowMs: number,
): Message {
  return {
    ...message,
    ...toAddressee(account),
    page,
    seq: isUrgent ? toUrgent(seq) : seq,
    storedAtMs: nowMs,
    attempts: 0,
    refusals: 0,
    step: 0,
    state: failure === undefined ? 'waiting' : 'dead',
    dueAtMs: failure === undefined ? nowMs : null,
    lastFailure: failure ?? null,
  };
}

export function toHead({ content: _content, ...head }: Message): MessageHead {
  return head;
}

export function isDue({ dueAtMs }: MessageHead, nowMs: number): boolean {
  return dueAtMs !== null && dueAtMs <= nowMs;
}

export function toEntry({ content, ...head }: Message): Entry {
  const { msgid, type, origin, sentAtMs, skip, merged, ...fields } = head;
  const details = { msgid, type, origin, sentAtMs, skip, ...(merged !== undefined && { merged }) };
  return { key: webhookIdOf(head), ...fields, details, content: content.reveal() };
}

/** @returns `null` for what is no message, but left there by another program. */
export function toMessageHead({ key, details, content: _content, ...fields }: Entry): MessageHead | null {
  const head: object = { ...fields, ...details };
  return isWhole(head) && key === webhookIdOf(head) ? head : null;
}

/** As `toMessageHead`, with its content, still sealed. */
export function toMessage(entry: Entry): Message | null {
  const head = toMessageHead(entry);
  const { content } = entry;
  return head === null || typeof content !== 'string' ? null : { ...head, content: new Secret(content) };
}
