import { ON_ITS_WAY_MS } from '../../dispatch/redelivery/queue-counts.js';
import type { CallTrouble } from '../../wecom/outcomes/call-outcomes.js';
import type { StatusAnswer } from './status.dto.js';
import { CAUSES, type CauseAnswer, type VerdictAnswer } from './verdict.dto.js';
import { toIso } from '../../http/answers/times.js';
import { botOf, type HintCauses, hintCauses, placeOf, whereOf } from './hint-causes.js';
import type { LineGroup } from '../../storage/queue/queue-store.js';

/** Nobody reads more at a time. */
const CAUSES_MAX = 20;
/** The share of the calls of a minute. The alert WxkfWecomUnreachable has the same limit. */
const UNANSWERED_RATIO_MAX = 0.2;
/** With fewer unanswered calls, only the corps that fail are named. */
const UNANSWERED_MIN = 10;

type Code = CauseAnswer['code'];
type Status = Omit<StatusAnswer, 'verdict'>;

/** How bad each cause is. */
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
  no_account: 'wait',
  refused: 'wait',
  circuits: 'wait',
  unreadable: 'wait',
  unknown: 'wait',
};

/** The troubles that are not in the figures of the status. */
export interface Troubles {
  readonly corps: readonly CallTrouble[];
  readonly accounts: readonly CallTrouble[];
  /** Accounts that WeCom does not have. */
  readonly unknownAccounts: readonly CallTrouble[];
  /** `null` when the store has not answered, or nothing waits. */
  readonly hints: readonly LineGroup[] | null;
  /** `href` of endpoints that get nothing but probes. */
  readonly openCircuits: Iterable<string>;
  /** Store time. */
  readonly nowMs: number;
}

/** @returns the worst first; of one code the oldest first. */
export function causesOf(status: Status, troubles: Troubles): Pick<VerdictAnswer, 'causes' | 'moreCauses'> {
  const { counts, lastMinute, ready, storage } = status;
  const { corps, accounts, hints, nowMs } = troubles;
  const ofHints = hints === null ? ungrouped(status, nowMs) : hintCauses(hints, CAUSES_MAX);
  const causes = [
    ...counted('not_ready', Number(!ready)),
    ...counted('store_down', Number(!storage.up)),
    ...counted('not_taken', lastMinute.notTaken),
    ...byWhy('wecom_fails', corps, ({ corpId }) => corpId),
    ...(corps.length > 0 ? [] : counted('calls_unanswered', unansweredOf(lastMinute))),
    ...byWhy('replies_fail', accounts, ({ openKfId }) => openKfId),
    ...ofHints.causes,
    ...byWhy('no_account', troubles.unknownAccounts, ({ openKfId }) => openKfId),
    ...counted('dead_messages', counts.deadMessages),
    ...late('waiting_messages', counts.waitingMessages, status.oldestMessageAgeS, nowMs),
    ...counted('refused', lastMinute.refused),
    ...circuitCauses(troubles.openCircuits, ofHints.addresses),
    ...counted('unreadable', counts.unreadable),
    // If the store is down, `store_down` says so already.
    ...counted('unknown', Number(storage.up && isUnknown(counts))),
  ].sort(byRank);
  const shown = causes.slice(0, CAUSES_MAX);
  return { causes: shown, moreCauses: causes.length - shown.length + ofHints.more };
}

/** Times of ISO 8601 are ordered as texts. */
function byRank(a: CauseAnswer, b: CauseAnswer): number {
  const byCode = CAUSES.indexOf(a.code) - CAUSES.indexOf(b.code);
  if (byCode !== 0 || a.since === b.since) return byCode;
  return (a.since ?? '') < (b.since ?? '') ? -1 : 1;
}

/** The causes while the store has told only the counts of hints, and not their groups. */
function ungrouped({ counts, oldestWaitingAgeS, oldestParkedAgeS }: Status, nowMs: number): HintCauses {
  const causes = [
    ...counted('dead', counts.dead),
    ...late('waiting', counts.waiting, oldestWaitingAgeS, nowMs),
    ...late('parked', counts.parked, oldestParkedAgeS, nowMs),
  ];
  return { causes, more: 0, addresses: new Set() };
}

/** One cause for each host. Addresses for which something waits are left out: the cause of those hints says more. */
function circuitCauses(openCircuits: Iterable<string>, told: HintCauses['addresses']): CauseAnswer[] {
  const placed = [...openCircuits].flatMap((endpoint) => {
    const place = placeOf(endpoint);
    return place === null || told.has(place.address) ? [] : [{ endpoint, place }];
  });
  return [...Map.groupBy(placed, ({ place }) => place.host).values()].map((group) => {
    const places = new Map(group.map(({ place }) => [place.address, place]));
    const botId = botOf(group.map(({ endpoint }) => endpoint));
    return { ...toCause('circuits', group.length), ...whereOf([...places.values()]), botId };
  });
}

function counted(code: Code, count: number | null): CauseAnswer[] {
  return count === null || count === 0 ? [] : [toCause(code, count)];
}

function late(code: Code, count: number | null, ageS: number | null, nowMs: number): CauseAnswer[] {
  if (ageS === null || ageS * 1_000 <= ON_ITS_WAY_MS) return [];
  const since = toIso(nowMs - ageS * 1_000);
  return counted(code, count).map((cause) => ({ ...cause, since }));
}

function toCause(code: Code, count: number): CauseAnswer {
  const nothing = {
    since: null,
    why: null,
    status: null,
    address: null,
    port: null,
    botId: null,
    corpId: null,
    openKfId: null,
    name: null,
  };
  return { code, severity: SEVERITY[code], count, ...nothing };
}

/** One cause for all troubles with the same reason. @param of the id that is counted. */
function byWhy(
  code: Code,
  troubles: readonly CallTrouble[],
  of: (trouble: CallTrouble) => string | null,
): CauseAnswer[] {
  const groups = Map.groupBy(troubles, ({ why }) => why);
  return [...groups]
    .map(([why, group]) => ({ why, group, sinceMs: firstOf(group) }))
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

/** Whether a count of the store is missing. */
function isUnknown({ waiting, parked, dead, unreadable, waitingMessages }: Status['counts']): boolean {
  return [waiting, parked, dead, unreadable, waitingMessages].includes(null);
}
