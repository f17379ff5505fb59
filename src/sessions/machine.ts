/**
 * What may happen to a session: each function takes a session and gives the next one. Nothing is read, sent or stored here. Rules
 * of WeCom: developer.work.weixin.qq.com/document/path/94669, 94670 and 95122.
 */
import { hash } from 'node:crypto';
import type { SessionOffer, SessionSettings } from '../registry/bots/session.dto.js';
import type { ReadEntry } from './entry.js';
import { ERRCODE, SENDS_OVER } from '../wecom/client/wecom-answer.js';
import {
  SENDS_MAX,
  SESSION_MS,
  type Session,
  STATE,
  type State,
  type SessionText,
  type TextKind,
  type EntryVerdict,
  waitsForPeopleSince,
} from './session.js';

/** How many entries are remembered: as many as a page has. */
const SEEN_MAX = 1_000;
/** A customer's messages may come so much out of order. An older one comes again, and has no effect. */
const LATE_MS = 60_000;
/** A welcome code, and the code of an end, are good for so long. */
const CODE_MS = 20_000;
/** WeCom's clock and the store's may differ by so much. */
const SKEW_MS = 60_000;
/** A text without a code answers a request of the customer: later it would confuse. */
const ANSWER_MS = 600_000;
/** How long a process has a text to itself: longer than a request for a token and the call take, each of them twice. */
const CLAIM_MS = 30_000;
/** The same for a text with a code. Most codes are good for 20 s, and WeCom takes a code once, so a repetition does no harm. */
const CODE_CLAIM_MS = 8_000;
const RETRY_MS = [1_000, 2_000, 4_000, 10_000, 30_000, 60_000];

/** WeCom's answer to a message: the session is not with the bot. */
const NOT_WITH_BOT = 95_018;
/** `change_type` of a session that a person took from the pool, or got from another person. */
const TAKEN = 1;
const PASSED_ON = 2;
/** `change_type` of a session that ended, and of one that a person has taken up again after that. */
const ENDED = 3;
const TAKEN_UP_AGAIN = 4;

/** `msg_send_fail`: the session is closed; too many messages. */
const FAIL_CLOSED = 5;
const FAIL_TOO_MANY = 6;

/** What an entry comes to. */
export interface SessionStep {
  readonly session: Session;
  readonly verdict: EntryVerdict;
}

/** What WeCom is to be asked before the entry can be judged: the state, or to hand the customer over. */
export type Need = 'state' | 'handOver';

/** How a hand-over ended. */
export type HandOverOutcome =
  | {
      readonly kind: 'moved';
      readonly state: State;
      readonly code: string | null;
    }
  /** Outside of the hours. */
  | { readonly kind: 'closed' }
  /** Nobody serves, or none takes the customer; with an errcode where WeCom refuses the app. */
  | { readonly kind: 'nobody'; readonly errcode?: number }
  /** WeCom refused, or could not be asked (`null`); the state is to be asked for. */
  | { readonly kind: 'failed'; readonly errcode: number | null };

/** What the customer is told after a hand-over. */
export type HandOverTexts = Readonly<Partial<Record<'waiting' | 'nobody' | 'closed', SessionOffer>>>;

/**
 * @param later the entries of the customer behind it, in the same page.
 * @param mayAsk whether WeCom can be asked. If not, a message that cannot be judged is the bot's.
 * @returns what has to be asked first, and then the same entry again; or what the entry comes to.
 */
export function withEntry(
  session: Session,
  entry: ReadEntry,
  later: readonly ReadEntry[],
  settings: SessionSettings,
  nowMs: number,
  mayAsk: boolean,
): SessionStep | Need {
  const known = session.seen.find(({ id }) => id === entry.id);
  if (known !== undefined) return { session, verdict: known.verdict };
  if (entry.what.kind !== 'customer')
    return judged(withEvent(session, entry, settings, nowMs), entry, 'bot', nowMs);
  // It was judged long ago, and is known by its id.
  if (isLate(session, entry)) return { session, verdict: 'bot' };
  const written = withNewBudget(session);
  const isDoubtful = isUnsure(session, nowMs);
  // What WeCom would say now is so after that.
  if (isDoubtful && isTakenOver(session, entry, later)) return judged(written, entry, 'people', nowMs);
  if (isDoubtful && mayAsk) return 'state';
  const state = isDoubtful ? null : session.state === STATE.over ? STATE.new : session.state;
  if (state === STATE.pool || state === STATE.people) return judged(written, entry, 'people', nowMs);
  if (asksForPeople(entry, settings)) {
    if (isTakenOver(session, entry, later)) return judged(written, entry, 'people', nowMs);
    // WeCom gives the entries of 3 days, longer than they are remembered.
    if (mayAsk && nowMs - entry.sentAtMs < SESSION_MS) return 'handOver';
  }
  const begun = session.state === state ? written : withState(written, state, nowMs);
  return judged(begun, entry, 'bot', nowMs);
}

/** Whether the state is not known, or was learnt too long ago. */
export function isUnsure({ state, isInDoubt, learntMs }: Session, nowMs: number): boolean {
  return state === null || isInDoubt || nowMs - learntMs >= SESSION_MS;
}

function isLate({ lastAtMs }: Session, { sentAtMs }: ReadEntry): boolean {
  return sentAtMs < lastAtMs - LATE_MS;
}

/** Whether a person had the customer next: took over, wrote, or ended the session. */
function isTakenOver(session: Session, { sentAtMs }: ReadEntry, later: readonly ReadEntry[]): boolean {
  const next = later
    .filter((one) => one.sentAtMs >= sentAtMs)
    .find(({ what }) => what.kind === 'changed' || (what.kind === 'servicer' && doWordsTell(session)))?.what;
  if (next?.kind === 'changed') return [TAKEN, PASSED_ON, ENDED].includes(next.change);
  return next?.kind === 'servicer';
}

/**
 * Whether people have the customer because a servicer wrote. Behind the end of a session these may be the last words before it,
 * of the same second or stamped a second later: whoever takes it up again makes an event of that.
 */
function doWordsTell({ state, toldAtMs, isInDoubt }: Session): boolean {
  if (isInDoubt) return false;
  return state === null ? toldAtMs === undefined : state === STATE.pool || state === STATE.people;
}

/** Whether the customer's message is one that moves a customer to people. */
function asksForPeople({ what }: ReadEntry, { people }: SessionSettings): boolean {
  if (what.kind !== 'customer' || people === undefined) return false;
  const { keywords = [], menuIds = [] } = people;
  if (what.menuId !== null && menuIds.includes(what.menuId)) return true;
  const said = folded(what.text ?? '');
  return said !== '' && keywords.some((word) => folded(word) === said);
}

function folded(text: string): string {
  return text.trim().toLowerCase();
}

function judged(
  session: Session,
  { id, sentAtMs }: ReadEntry,
  verdict: EntryVerdict,
  nowMs: number,
): SessionStep {
  const seen = [...session.seen, { id, verdict }].slice(-SEEN_MAX);
  const lastAtMs = Math.max(session.lastAtMs, sentAtMs);
  return { session: { ...session, seen, lastAtMs, expiresAtMs: nowMs + SESSION_MS }, verdict };
}

function withEvent(
  session: Session,
  entry: ReadEntry,
  { welcome, ended }: SessionSettings,
  nowMs: number,
): Session {
  const { id, webhookId, sentAtMs, what } = entry;
  const isTimely = nowMs - sentAtMs < CODE_MS + SKEW_MS;
  const text = (kind: TextKind, offer: SessionOffer | undefined, code: string | null): SessionText[] =>
    offer === undefined || code === null || !isTimely
      ? []
      : [{ ...newText(kind, offer, code, id, nowMs, CODE_MS), webhookId }];
  // WeCom counts the 48 hours from then.
  const sinceMs = Math.min(sentAtMs, nowMs);
  const toldAtMs = session.toldAtMs ?? 0;
  const isSameSecond = sentAtMs === toldAtMs;
  const told = (state: State): Session => {
    const isEndOfOther = isSameSecond && state === STATE.over && session.state === STATE.pool;
    if (sentAtMs < toldAtMs || isEndOfOther) return withOtherWord(session, state);
    return { ...withState(session, state, sinceMs), toldAtMs: sentAtMs };
  };
  const unknown = (): Session =>
    sentAtMs < toldAtMs ? session : { ...withUnknownState(session), toldAtMs: sentAtMs };
  // An end is the last of its second.
  const isOfEnd = isSameSecond && session.state === STATE.over;
  switch (what.kind) {
    case 'servicer':
      if (isOfEnd) return session;
      return met(doWordsTell(session) ? told(STATE.people) : unknown());
    case 'entered': {
      // There is a code only where nothing was written for 48 hours.
      const over = what.code === null ? session : told(STATE.over);
      return withTexts(over, text('welcome', welcome, what.code));
    }
    case 'changed':
      if (what.change === ENDED) return withTexts(told(STATE.over), text('ended', ended, what.code));
      // Who takes a customer up again begins to speak: nobody asked.
      if (!isOfEnd && what.change === TAKEN_UP_AGAIN) return met(told(STATE.people));
      return !isOfEnd && [TAKEN, PASSED_ON].includes(what.change) ? told(STATE.people) : unknown();
    case 'send_failed':
      // The customer may have written since.
      if (what.failType === FAIL_TOO_MANY)
        return isLate(session, entry) ? session : { ...session, left: Math.min(0, session.left) };
      return what.failType === FAIL_CLOSED ? withUnknownState(session) : session;
    default:
      return session;
  }
}

/** A person has written to the customer. */
function met(session: Session): Session {
  return session.waitsSinceMs === undefined ? session : { ...session, waitsSinceMs: undefined };
}

/** The word of another state came behind a newer one. It does not overrule that; WeCom is asked. */
function withOtherWord(session: Session, state: State): Session {
  return session.state === state ? session : { ...session, isInDoubt: true };
}

/** From when on the answer to a call holds: by then, all that is known of the session was so. */
function answeredAt({ toldAtMs = 0, lastAtMs }: Session, askedAtMs: number): number {
  return Math.max(toldAtMs, lastAtMs, toSecond(askedAtMs));
}

function toSecond(atMs: number): number {
  return Math.floor(atMs / 1_000) * 1_000;
}

/** WeCom was asked because of an entry, and of nothing behind it. */
export function withLookUp(session: Session, state: State, { sentAtMs }: ReadEntry, nowMs: number): Session {
  return { ...withState(session, state, nowMs), toldAtMs: answeredAt(session, sentAtMs) };
}

/** A call has told the state, while entries may have told another one. @param askedAtMs when it began, store time. */
export function withAnswer(session: Session, state: State, askedAtMs: number, nowMs: number): Session {
  const toldAtMs = session.toldAtMs ?? 0;
  const atMs = toSecond(askedAtMs);
  const isOfEnd = toldAtMs === atMs && session.state === STATE.over;
  if (toldAtMs > atMs || isOfEnd) return withOtherWord(session, state);
  return { ...withState(session, state, nowMs), toldAtMs: answeredAt(session, askedAtMs) };
}

/**
 * WeCom has told the state, or it follows from what happened. What was to be said in another state is not said any more.
 * @param atMs when it was so.
 */
function withState(session: Session, state: State | null, atMs: number): Session {
  const isSame = session.state === state;
  // A customer from the pool waits for as long as before.
  const waitsSinceMs = state === STATE.people ? (waitsForPeopleSince(session) ?? atMs) : undefined;
  return {
    ...session,
    state,
    learntMs: atMs,
    isInDoubt: false,
    sinceMs: isSame ? session.sinceMs : atMs,
    waitsSinceMs: isSame ? session.waitsSinceMs : waitsSinceMs,
    texts: isSame ? session.texts : session.texts.filter(({ kind }) => kind === 'welcome'),
    expiresAtMs: atMs + SESSION_MS,
  };
}

export function withUnknownState(session: Session): Session {
  return { ...session, state: null };
}

/** Its outcome is not known until `withHandOver`. */
export function beginningHandOver(session: Session): Session {
  return { ...session, isInDoubt: true };
}

/** @param cause what asked for it, and when. */
export function withHandOver(
  session: Session,
  cause: Pick<ReadEntry, 'id' | 'sentAtMs'>,
  outcome: HandOverOutcome,
  texts: HandOverTexts,
  nowMs: number,
): Session {
  const { id, sentAtMs } = cause;
  const sure = { ...session, isInDoubt: false };
  switch (outcome.kind) {
    case 'moved': {
      const toldAtMs = answeredAt(session, sentAtMs);
      // What has told the state since it began may be newer.
      const moved = session.isInDoubt
        ? { ...withState(session, outcome.state, nowMs), toldAtMs }
        : withOtherWord(session, outcome.state);
      const { waiting } = texts;
      if (waiting === undefined || outcome.code === null) return moved;
      return withTexts(moved, [newText('waiting', waiting, outcome.code, id, nowMs, SESSION_MS)]);
    }
    case 'closed':
    case 'nobody': {
      const offer = texts[outcome.kind];
      return offer === undefined
        ? sure
        : withTexts(sure, [newText(outcome.kind, offer, null, id, nowMs, ANSWER_MS)]);
    }
    case 'failed':
      return withUnknownState(sure);
    default:
      return outcome satisfies never;
  }
}

/** What becomes of the message that asked for people. */
export function verdictOf({ kind }: HandOverOutcome): EntryVerdict {
  return kind === 'failed' ? 'bot' : 'handed_over';
}

/** The message that asked for people, once the outcome is known. */
export function judgedAs(session: Session, entry: ReadEntry, verdict: EntryVerdict, nowMs: number): Session {
  const written = withNewBudget(session);
  // The message has begun a session. What is to be said is of this one.
  const begun =
    session.state === STATE.over
      ? { ...written, state: STATE.new, sinceMs: nowMs, learntMs: nowMs }
      : written;
  return judged(begun, entry, verdict, nowMs).session;
}

function newText(
  kind: TextKind,
  offer: SessionOffer,
  code: string | null,
  cause: string,
  nowMs: number,
  lifeMs: number,
): SessionText {
  // WeCom takes 32 letters, digits, "_" and "-" (path/94677).
  const id = hash('sha256', `${kind}\n${cause}`, 'base64url').slice(0, 32);
  return { kind, offer, code, id, webhookId: null, untilMs: nowMs + lifeMs, dueAtMs: nowMs, tries: 0 };
}

function withTexts(session: Session, texts: readonly SessionText[]): Session {
  const others = session.texts.filter(({ id }) => texts.every((text) => text.id !== id));
  return { ...session, texts: [...others, ...texts] };
}

/** The first text that is due, if any, and the session while a process sends it; `null` where nothing changes. */
export function claimText(
  session: Session,
  nowMs: number,
): { readonly session: Session; readonly text: SessionText | null } | null {
  const texts = session.texts.filter(({ untilMs }) => untilMs > nowMs);
  const text = texts.find(({ dueAtMs }) => dueAtMs <= nowMs);
  if (text === undefined)
    return texts.length === session.texts.length ? null : { session: { ...session, texts }, text: null };
  const claimMs = text.code === null ? CLAIM_MS : CODE_CLAIM_MS;
  const claimed = { ...text, tries: text.tries + 1, dueAtMs: nowMs + claimMs };
  return { session: withTexts({ ...session, texts }, [claimed]), text: claimed };
}

/** @param errcode what WeCom answered; `null` where it is to be sent again. */
export function settledText(
  session: Session,
  { id, tries, code }: SessionText,
  errcode: number | null,
  nowMs: number,
): Session {
  if (errcode === null) {
    const waitMs = RETRY_MS[Math.min(tries, RETRY_MS.length) - 1] ?? 0;
    const texts = session.texts.map((text) => (text.id === id ? { ...text, dueAtMs: nowMs + waitMs } : text));
    return { ...session, texts };
  }
  const left = { ...session, texts: session.texts.filter((text) => text.id !== id) };
  if (code !== null) return left;
  // The answer to an earlier try was lost.
  const isSent = errcode === 0 || (errcode === ERRCODE.parameterWrong && tries > 1);
  return isSent ? reservedSend(left, id) : refusedSend(left, errcode);
}

/** The customer has written. */
function withNewBudget(session: Session): Session {
  return { ...session, left: SENDS_MAX, counted: [] };
}

/** Whether the message was counted since the customer wrote, and may have been sent. */
export function isCounted({ counted = [] }: Session, msgid: string | null): boolean {
  return msgid !== null && counted.includes(msgid);
}

/** A message to the customer is about to be sent. @param msgid `null` for one without. */
export function reservedSend(session: Session, msgid: string | null): Session {
  if (isCounted(session, msgid)) return session;
  const { left, counted = [] } = session;
  return {
    ...session,
    left: left - 1,
    counted: msgid === null ? counted : [...counted, msgid].slice(-SENDS_MAX),
  };
}

/** The message for which one was reserved was not sent. */
export function unsentSend(session: Session, msgid: string | null): Session {
  const { left, counted = [] } = session;
  return { ...session, left: Math.min(SENDS_MAX, left + 1), counted: counted.filter((id) => id !== msgid) };
}

/** WeCom has refused a message. */
export function refusedSend(session: Session, errcode: number): Session {
  const left = SENDS_OVER.includes(errcode) ? Math.min(0, session.left) : session.left;
  return { ...(errcode === NOT_WITH_BOT ? withUnknownState(session) : session), left };
}
