import type { CallTrouble } from '../wecom/call-outcomes.js';
import type { StatusAnswer } from './answers/status.dto.js';
import { CAUSES, type CauseAnswer } from './answers/verdict.dto.js';
import { toIso } from './api-time.js';

/** What waits no longer than that may just be on its way: a bot that works before it answers takes as long. */
const ON_ITS_WAY_S = 10;
/** Of the calls of a minute; so is the alert WxkfWecomUnreachable. */
const UNANSWERED_RATIO_MAX = 0.2;
const UNANSWERED_MIN = 3;

type Code = CauseAnswer['code'];
type Status = Omit<StatusAnswer, 'verdict'>;

/** How bad each of them is where it is so. */
const SEVERITY: Readonly<Record<Code, CauseAnswer['severity']>> = {
  not_ready: 'bad',
  store_down: 'bad',
  not_taken: 'bad',
  wecom_fails: 'bad',
  calls_unanswered: 'bad',
  replies_fail: 'bad',
  dead: 'bad',
  dead_messages: 'bad',
  waiting: 'wait',
  waiting_messages: 'wait',
  parked: 'wait',
  refused: 'wait',
  circuits: 'wait',
  unreadable: 'wait',
  unknown: 'wait',
};

/** @param nowMs store time. @returns the worst first; of one code the oldest first. */
export function causesOf(
  status: Status,
  corps: readonly CallTrouble[],
  accounts: readonly CallTrouble[],
  nowMs: number,
): CauseAnswer[] {
  const { counts, lastMinute, ready, storage } = status;
  const causes = [
    ...counted('not_ready', Number(!ready)),
    ...counted('store_down', Number(!storage.up)),
    ...counted('not_taken', lastMinute.notTaken),
    ...byWhy('wecom_fails', corps, ({ corpId }) => corpId),
    ...(corps.length > 0 ? [] : counted('calls_unanswered', unansweredOf(lastMinute))),
    ...byWhy('replies_fail', accounts, ({ openKfId }) => openKfId),
    ...counted('dead', counts.dead),
    ...counted('dead_messages', counts.deadMessages),
    ...late('waiting', counts.waiting, status.oldestWaitingAgeS, nowMs),
    ...late('waiting_messages', counts.waitingMessages, status.oldestMessageAgeS, nowMs),
    ...late('parked', counts.parked, status.oldestParkedAgeS, nowMs),
    ...counted('refused', lastMinute.refused),
    ...counted('circuits', counts.openCircuits),
    ...counted('unreadable', counts.unreadable),
    // That the store is down says so already.
    ...counted('unknown', Number(storage.up && isUnknown(counts))),
  ];
  return causes.sort((a, b) => CAUSES.indexOf(a.code) - CAUSES.indexOf(b.code));
}

function counted(code: Code, count: number | null): CauseAnswer[] {
  return count === null || count === 0 ? [] : [toCause(code, count)];
}

function late(code: Code, count: number | null, ageS: number | null, nowMs: number): CauseAnswer[] {
  if (ageS === null || ageS <= ON_ITS_WAY_S) return [];
  const since = toIso(nowMs - ageS * 1_000);
  return counted(code, count).map((cause) => ({ ...cause, since }));
}

function toCause(code: Code, count: number): CauseAnswer {
  return { code, severity: SEVERITY[code], count, since: null, why: null, corpId: null, openKfId: null };
}

/** One cause for all that fail for the same reason. @param of what is counted. */
function byWhy(
  code: Code,
  troubles: readonly CallTrouble[],
  of: (trouble: CallTrouble) => string | null,
): CauseAnswer[] {
  const groups = Map.groupBy(troubles, ({ why }) => why);
  return [...groups]
    .map(([why, group]) => ({ why, group, sinceMs: firstOf(group) }))
    .sort((a, b) => a.sinceMs - b.sinceMs)
    .map(({ why, group, sinceMs }) => ({
      ...toCause(code, new Set(group.map(of)).size),
      since: toIso(sinceMs),
      why,
      corpId: onlyOne(group.map(({ corpId }) => corpId)),
      openKfId: onlyOne(group.map(({ openKfId }) => openKfId)),
    }));
}

function firstOf(group: readonly CallTrouble[]): number {
  return group.reduce((firstMs, { sinceMs }) => Math.min(firstMs, sinceMs), Number.POSITIVE_INFINITY);
}

function onlyOne(ids: readonly (string | null)[]): string | null {
  const [first = null, ...others] = new Set(ids);
  return others.length === 0 ? first : null;
}

function unansweredOf({ proxyCalls, unansweredCalls }: Status['lastMinute']): number {
  const isMuch = unansweredCalls >= UNANSWERED_MIN && unansweredCalls > UNANSWERED_RATIO_MAX * proxyCalls;
  return isMuch ? unansweredCalls : 0;
}

/** Whether the store has not told all that may wait. */
function isUnknown({ waiting, parked, dead, unreadable, waitingMessages }: Status['counts']): boolean {
  return [waiting, parked, dead, unreadable, waitingMessages].includes(null);
}
