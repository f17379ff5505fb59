/**
 * Texts that a customer writes within `session.mergeS` seconds of each other. Each is held for so many seconds before it is
 * sent. Once the first is due, those that came meanwhile are joined to it, and one message is sent. Only the turn of the account
 * joins them, so no text is in two messages. Times are store time, epoch milliseconds.
 */
import { Secret } from '../kernel/secret.js';
import { MESSAGE_BYTES_MAX, ORIGIN } from '../kernel/wecom-format.js';
import type { Bot } from '../registry/bots/bot.js';
import type { Message, MessageHead, NewMessage } from './message.js';

/** A customer who goes on writing gets an answer after this time. */
const HELD_MS_MAX = 30_000;
/** How many texts are joined at most. */
export const JOINED_MAX = 20;

/** What becomes of the texts of a page. */
export interface HeldTexts {
  /** The ids of those that are held. */
  readonly held: ReadonlySet<string>;
  /** For each customer, by lane: whether texts that are held already are held on. Else they are due. */
  readonly isHeldOn: ReadonlyMap<string, boolean>;
}

/** Whether the customer chose the text from a menu: then it stands alone. @param text the field of an entry. */
export function isChoice(text: unknown): boolean {
  return typeof text === 'object' && text !== null && 'menu_id' in text;
}

/** 0 where texts are not held. */
export function mergeMsOf({ session }: Partial<Pick<Bot, 'session'>>): number {
  return (session?.mergeS ?? 0) * 1_000;
}

export const NOTHING_HELD: HeldTexts = { held: new Set(), isHeldOn: new Map() };

/**
 * Any other message or event of a customer ends the waiting of the texts before it.
 * @param ended lanes of which nothing is held.
 */
export function holdingOf(page: readonly NewMessage[], ended: readonly string[]): HeldTexts {
  const held = new Map<string, string[]>();
  const isHeldOn = new Map(ended.map((lane) => [lane, false]));
  for (const { msgid, lane, isText } of page) {
    if (lane === '' || ended.includes(lane)) continue;
    isHeldOn.set(lane, isText && isHeldOn.get(lane) !== false);
    held.set(lane, isText ? [...(held.get(lane) ?? []), msgid] : []);
  }
  return { held: new Set([...held.values()].flat()), isHeldOn };
}

/** Whether the text waits for others. It was never tried then. */
export function isHeld(message: MessageHead, nowMs: number): boolean {
  const { dueAtMs, storedAtMs } = message;
  // A message that is not held is due when it is stored, also by the clock of another process.
  return isUntried(message) && dueAtMs !== null && dueAtMs > nowMs && dueAtMs > storedAtMs;
}

/** When a text that is held is due, as another one comes that is held until `untilMs`; 0 where none comes. */
export function dueAtMsOf({ storedAtMs }: MessageHead, untilMs: number): number {
  return Math.max(storedAtMs, Math.min(untilMs, storedAtMs + HELD_MS_MAX));
}

/** Those of the messages behind a text that may be joined to it, as far as it can be told without what they say. */
export function candidatesOf(
  first: MessageHead,
  behind: readonly MessageHead[],
  mergeMs: number,
): readonly MessageHead[] {
  const all = [first, ...behind];
  const isNext = (message: MessageHead, before: MessageHead | undefined): boolean =>
    mayBeJoined(message) && message.sentAtMs - (before ?? message).sentAtMs <= mergeMs;
  const end = all.findIndex((message, n) => !isNext(message, all[n - 1]));
  return all.slice(1, end < 0 ? undefined : Math.max(end, 1));
}

/**
 * Joins a text with those behind it.
 * @param behind the waiting messages of its customer behind it, opened, in their order.
 * @returns the message that stands for all of them, in the place of the first; `null` where none is joined.
 */
export function joinedOf(first: Message, behind: Iterable<Message>, mergeMs: number): Message | null {
  let joined: Message | null = null;
  let last = first;
  for (const next of behind) {
    if (next.sentAtMs - last.sentAtMs > mergeMs) break;
    const both = withBoth(joined ?? first, next);
    if (both === null) break;
    [joined, last] = [both, next];
  }
  return joined;
}

function withBoth(before: Message, last: Message): Message | null {
  const merged = [...idsOf(before), ...idsOf(last)];
  const [beforeWords, lastWords] = [wordsOf(before), wordsOf(last)];
  if (beforeWords === null || lastWords === null || merged.length > JOINED_MAX) return null;
  const entry = JSON.parse(last.content.reveal()) as { readonly text: object };
  const text = { ...entry.text, content: `${beforeWords}\n${lastWords}` };
  const content = JSON.stringify({ ...entry, text });
  if (Buffer.byteLength(content) > MESSAGE_BYTES_MAX) return null;
  const { seq, page, skip, storedAtMs, dueAtMs } = before;
  return { ...last, seq, page, skip, storedAtMs, dueAtMs, merged, content: new Secret(content) };
}

function idsOf({ msgid, merged }: Message): readonly string[] {
  return merged ?? [msgid];
}

/** @returns `null` where it cannot be joined: it is something else than a text that the customer wrote, or was tried already. */
function wordsOf(message: Message): string | null {
  if (!mayBeJoined(message)) return null;
  const { text } = JSON.parse(message.content.reveal()) as { readonly text?: { readonly content?: unknown } };
  return isChoice(text) || typeof text?.content !== 'string' ? null : text.content;
}

function mayBeJoined(message: MessageHead): boolean {
  return message.type === 'text' && message.origin === ORIGIN.customer && isUntried(message);
}

function isUntried({ attempts, lastFailure }: MessageHead): boolean {
  return attempts === 0 && lastFailure === null;
}
