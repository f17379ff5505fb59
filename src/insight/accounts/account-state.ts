/**
 * What state an account is in, and why: judged by what its customers get, from facts of this account alone. Pure: who knows the
 * facts, and how several replicas see them, is the affair of `AccountViews`.
 */
import { isOnItsWay, ON_ITS_WAY_MS } from '../../dispatch/later/queue-counts.js';
import { ageMs } from '../../kernel/store-clock.js';
import type { HintHead } from '../../queue/event.js';
import type { Failure } from '../../queue/failure.js';
import type { EntryCounts } from '../../storage/queue/entry.js';
import type { WecomOutcome } from '../../log/outcome.js';
import type { TakenTimes } from '../../log/past.js';
import type { UnansweredCount } from '../../log/unanswered-customers.js';
import type { AccountReplies } from '../../wecom/outcomes/outcome.js';
import type { AccountState } from './account-states.js';
import type { Cause } from './cause.js';
import { CAUSE_TABLE, type CauseCode } from './cause-table.js';
import type { CustomerCount } from './customer-counts.js';

/** How late something still says what is so now. */
const LATELY_MS = 3_600_000;
/** What was seen longer ago is not known of other replicas any more. */
const KEPT_MS = 3 * 86_400_000;

export interface AccountFacts {
  /** Its puppet has deregistered, or no client of its bot is connected; since when, where that is known. */
  readonly offline: { readonly sinceMs: number | null } | null;
  readonly isPaused: boolean;
  /** What it is sent fails again and again, so that it gets nothing but probes. */
  readonly isCircuitOpen: boolean;
  /** Its replies are known to pass through the manager, whether or not one has. */
  readonly passesReplies: boolean;
  /** Its messages are pulled by the manager, so that it is known what came. */
  readonly takesMessages: boolean;
  /** Why no message can be pulled or given: the store does not answer, or its disk has too little room. */
  readonly storeFault: 'store_down' | 'disk_full' | 'disk_low' | null;
  readonly replies: AccountReplies;
  readonly taken: TakenTimes;
  /** `null` where its program reads messages by itself, so that it is not known who wrote. */
  readonly unanswered: UnansweredCount | null;
  /** `null` where none waits or is dead, or that is not known. */
  readonly hint: HintHead | null;
  readonly messages: EntryCounts | null;
  /** WeCom refuses the access token of its bot; of a puppet that of its corp. */
  readonly tokenRefused: WecomOutcome | null;
  /** WeCom answers no call of its bot, or allows none; of a puppet that of its corp. */
  readonly wecomFails: WecomOutcome | null;
  /** WeCom refuses calls of its bot that name the account and are no replies. */
  readonly callsFail: WecomOutcome | null;
  /** The service of its agent gives no answers, in a way that its operator has to look after. */
  readonly agentFails: Failure | null;
  /** `null` where its bot shares no customers, or that is not known. */
  readonly customers: CustomerCount | null;
  /** Why its bot did not take what it was last sent; `null` where it took something since. Pulls do not count. */
  readonly lastUntaken: Failure | null;
}

export interface Times {
  /** Store time. */
  readonly nowMs: number;
  /** Until when it is known what all replicas saw: a reply may have passed through another one. */
  readonly knownUntilMs: number;
  readonly replyWithinMs: number;
  readonly peopleWaitAlarmMs: number;
}

/** One cause, before it is known by names. */
export interface Reason extends Pick<Cause, 'code' | 'why' | 'status'> {
  /** Left out where there is none. */
  readonly unlistedAddress?: string | null;
  readonly sinceMs: number | null;
  /** Left out: that of its code. */
  readonly severity?: Cause['severity'];
  /** How many events or messages; 1 where nothing is counted. */
  readonly count: number;
}

export interface Judgement {
  readonly state: AccountState;
  readonly sinceMs: number | null;
  /** The worst first. */
  readonly reasons: readonly Reason[];
}

/** What waits for long makes the account fail. */
export function judge(facts: AccountFacts, times: Times): Judgement {
  const reasons = reasonsOf(facts, times);
  const worst = reasons.find(({ code, severity }) => !isOver(code, facts, times) && !isOfFew(code, severity));
  const state = worst && CAUSE_TABLE[worst.code].account;
  if (worst !== undefined && state !== undefined) {
    const isLong = state === 'waiting' && reasons.some(({ severity }) => severity === 'bad');
    return { state: isLong ? 'failing' : state, sinceMs: worst.sinceMs, reasons };
  }
  return { ...calmState(facts, times), reasons };
}

/** Something was given up, and what came later was answered: that is to be looked at, and nobody waits. */
function isOver(code: CauseCode, { lastUntaken, replies }: AccountFacts, { nowMs }: Times): boolean {
  const isDead = code === 'dead' || code === 'dead_messages';
  return isDead && lastUntaken === null && nowMs - (replies.repliedAtMs ?? 0) < LATELY_MS;
}

/** Most customers of the account are answered. */
function isOfFew(code: CauseCode, severity: Reason['severity']): boolean {
  return code === 'customers_unanswered' && severity === 'wait';
}

function reasonsOf(facts: AccountFacts, times: Times): readonly Reason[] {
  const { tokenRefused, wecomFails, callsFail, agentFails, replies, hint, messages, lastUntaken } = facts;
  const failing = [
    ...(facts.takesMessages && facts.storeFault !== null ? [nothing(facts.storeFault)] : []),
    ...ofOutcome('token_refused', tokenRefused),
    ...ofOutcome('wecom_fails', wecomFails),
    ...ofOutcome('replies_fail', replies.replyFailure),
    ...(agentFails === null ? [] : [{ ...nothing('agent_fails'), why: agentFails.stage }]),
    ...ofOutcome('bot_calls_fail', callsFail),
    ...ofOutcome('no_account', replies.noAccount),
  ];
  const { dead = 0, waiting = 0, oldestWaitingAtMs = null } = messages ?? {};
  const isLate = oldestWaitingAtMs !== null && !isOnItsWay(oldestWaitingAtMs, times.nowMs);
  const ofHint = hint === null ? [] : reasonsOfHint(hint, facts, times);
  const why = { why: lastUntaken?.stage ?? null, status: lastUntaken?.status ?? null };
  const isPauseTold = ofHint.some(({ code }) => code === 'paused');
  const isCircuitTold = ofHint.length > 0 || !facts.isCircuitOpen || facts.isPaused;
  return [
    ...failing,
    ...ofHint.filter(({ code }) => code === 'dead'),
    ...(dead === 0 ? [] : [{ ...nothing('dead_messages'), ...why, count: dead }]),
    // What fails says why no reply goes out.
    ...(failing.length > 0 ? [] : unanswered(facts, isLate, times)),
    ...ofHint.filter(({ code }) => code !== 'dead'),
    // What fails at the service says why they wait.
    ...(isLate && !isPauseTold && agentFails === null
      ? [
          facts.isPaused
            ? { ...nothing('paused'), count: waiting, sinceMs: oldestWaitingAtMs }
            : {
                ...nothing('waiting_messages'),
                ...why,
                severity: severityOfWait(oldestWaitingAtMs, times),
                count: waiting,
                sinceMs: oldestWaitingAtMs,
              },
        ]
      : []),
    ...peopleWait(facts, times),
    ...(isCircuitTold ? [] : [nothing('circuits')]),
  ];
}

/** It says nothing of the bot, so the account's state stays. */
function peopleWait({ customers }: AccountFacts, { nowMs, peopleWaitAlarmMs }: Times): Reason[] {
  const sinceMs = customers?.unmetSinceMs ?? null;
  if (customers === null || sinceMs === null || nowMs - sinceMs < peopleWaitAlarmMs) return [];
  return [{ ...nothing('people_wait'), count: customers.unmet, sinceMs }];
}

/** That nobody gets an answer, or some do not. What waits for the bot was not given to it yet. */
function unanswered(facts: AccountFacts, isLate: boolean, times: Times): Reason[] {
  const silent = silence(facts, times);
  return silent.length > 0 || isLate ? silent : someUnanswered(facts);
}

/** So many of the customers of an hour without a word are bad. */
const BAD_SHARE = 1 / 3;

/** One customer may have said what needs no answer; who writes again and again has a question. */
function someUnanswered({ passesReplies, unanswered }: AccountFacts): Reason[] {
  if (!passesReplies || unanswered === null) return [];
  const { wordless: count, wordlessSinceMs: sinceMs, isInsistent, ofHour } = unanswered;
  if (count === 0 || (count === 1 && !isInsistent)) return [];
  const severity = count >= BAD_SHARE * ofHour ? 'bad' : 'wait';
  return [{ ...nothing('customers_unanswered'), count, sinceMs, severity }];
}

function nothing(code: CauseCode): Reason {
  return { code, why: null, status: null, sinceMs: null, count: 1 };
}

function ofOutcome(code: CauseCode, outcome: WecomOutcome | null): Reason[] {
  if (outcome === null) return [];
  const { why, sinceMs, unlistedAddress = null } = outcome;
  return [{ ...nothing(code), why, sinceMs, unlistedAddress }];
}

/** Who waits as long as a reply may take gets no answer. */
export function severityOfWait(
  sinceMs: number,
  { nowMs, replyWithinMs }: Pick<Times, 'nowMs' | 'replyWithinMs'>,
): Cause['severity'] {
  return ageMs(nowMs, sinceMs) >= Math.max(replyWithinMs, ON_ITS_WAY_MS) ? 'bad' : 'wait';
}

function reasonsOfHint(hint: HintHead, facts: AccountFacts, times: Times): Reason[] {
  const { state, waitingSinceMs: sinceMs, events: count, lastFailure } = hint;
  const isNew = state === 'waiting' && isOnItsWay(sinceMs, times.nowMs);
  if (isNew && !facts.isCircuitOpen && !facts.isPaused) return [];
  const why = lastFailure?.stage ?? null;
  const status = lastFailure?.status ?? null;
  const told = { why, status, sinceMs, count };
  if (facts.isPaused && state !== 'dead') return [{ code: 'paused', ...told }];
  if (state !== 'waiting') return [{ code: state, ...told }];
  const severity = severityOfWait(sinceMs, times);
  // Where the circuit is open, nothing but probes is sent.
  return [{ code: facts.isCircuitOpen ? 'circuits' : 'waiting', ...told, severity }];
}

/** Something was taken that asks for a reply, and none followed in time. */
function silence(facts: AccountFacts, times: Times): Reason[] {
  const { passesReplies, replies } = facts;
  const repliedAtMs = replies.repliedAtMs ?? 0;
  const sinceMs = Math.max(repliedAtMs, times.nowMs - KEPT_MS);
  if (!passesReplies && (repliedAtMs === 0 || times.nowMs - repliedAtMs >= KEPT_MS)) return [];
  const { messages, events } = askedOf(facts);
  const firstMs = Math.min(...[...messages, ...events].filter((atMs) => atMs > sinceMs));
  if (!(firstMs + times.replyWithinMs <= times.knownUntilMs)) return [];
  const isMessage = messages.some((atMs) => atMs > sinceMs);
  return [{ ...nothing('silent'), sinceMs: firstMs, severity: isMessage ? 'bad' : 'wait' }];
}

/**
 * When its bot was given what asks for a reply, by which nobody has replied. Where it is known what came, only customers'
 * messages ask, and the words of a person answer them.
 */
function askedOf({
  takesMessages,
  taken,
  unanswered,
}: AccountFacts): Pick<TakenTimes, 'messages' | 'events'> {
  const { messages, events } = taken;
  if (unanswered === null) return { messages, events: takesMessages ? [] : events };
  const { sinceReplyMs } = unanswered;
  if (sinceReplyMs === null) return { messages: [], events: [] };
  return { messages: takesMessages ? messages : [sinceReplyMs], events: [] };
}

function calmState(facts: AccountFacts, { nowMs }: Times): Omit<Judgement, 'reasons'> {
  const { isPaused, offline, replies, unanswered } = facts;
  if (isPaused) return { state: 'paused', sinceMs: null };
  if (offline !== null) return { state: 'offline', sinceMs: offline.sinceMs };
  const repliedAtMs = Math.max(replies.repliedAtMs ?? 0, unanswered?.repliedAtMs ?? 0);
  if (nowMs - repliedAtMs < LATELY_MS) return { state: 'working', sinceMs: null };
  const { messages, events } = askedOf(facts);
  const hasAsked = [...messages, ...events].some((atMs) => nowMs - atMs < LATELY_MS);
  return { state: hasAsked ? 'unseen' : 'quiet', sinceMs: null };
}
