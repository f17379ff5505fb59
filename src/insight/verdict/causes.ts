import { isOnItsWay } from '../../dispatch/later/queue-counts.js';
import type { WecomOutcome } from '../../log/outcome.js';
import { isFault } from '../../wecom/outcomes/outcome.js';
import { botIdOf, PULL_ORIGIN } from '../../registry/endpoint/endpoint.js';
import { severityOfWait } from '../accounts/account-state.js';
import type { AccountView } from '../accounts/account-views.js';
import type { RefusalGroup } from '../../log/refused-callbacks.js';
import type { AwayReplica } from '../figures/other-replicas.js';
import type { ProcessStatus } from './status.js';
import { type Cause, newCause } from '../accounts/cause.js';
import { CAUSE_TABLE, type CauseCode, CAUSES } from '../accounts/cause-table.js';
import { botOf, type HintCauses, hintCauses, placeOf, whereOf } from './hint-causes.js';
import type { MissingCallbacks } from './missing-callbacks.js';
import type { HintGroup } from '../../queue/event.js';

/** Nobody reads more at a time. */
export const CAUSES_MAX = 20;
/** The share of the calls of a minute. The alert WxkfWecomUnreachable has the same limit. */
const UNANSWERED_RATIO_MAX = 0.2;
/** With fewer unanswered calls, only the corps that fail are named. */
const UNANSWERED_MIN = 10;

/** Codes of callbacks whose signature is right, so that they are WeCom's, and that cannot be opened. */
const SIGNED_AND_SEALED = 'CIPHER_';

/** The troubles that are not in the figures of the status. */
export interface Troubles {
  readonly views: readonly AccountView[];
  /** Callers whose calls fail, of bots and corps that are known. */
  readonly callers: readonly WecomOutcome[];
  /** `null` when the store has not answered, or nothing waits. */
  readonly hints: readonly HintGroup[] | null;
  /** Refused callbacks of the last minute; `null` where the log does not tell. */
  readonly refusals: readonly RefusalGroup[] | null;
  readonly isKnownCorp: (corpId: string) => boolean;
  /** `href` of endpoints that get nothing but probes. */
  readonly openCircuits: Iterable<string>;
  readonly awayReplicas: readonly AwayReplica[];
  readonly missingCallbacks: readonly MissingCallbacks[];
  readonly replyWithinMs: number;
}

export interface Causes {
  /** The bad ones first, then by code; of one code the oldest first. */
  readonly causes: readonly Cause[];
  /** How many there are that are not among them. */
  readonly more: number;
}

export function causesOf(status: ProcessStatus, troubles: Troubles): Causes {
  const { lastMinute, isReady, storage } = status;
  const { views, callers, hints, replyWithinMs } = troubles;
  const failing = callers.filter(({ subject }) => subject === 'gettoken' || subject === 'call');
  const wecomFails = wecomCauses(failing);
  const failingCorps = new Set(failing.map(({ corpId }) => corpId));
  const ofAccounts = accountCauses(views);
  const severityOf = (sinceMs: number) => severityOfWait(sinceMs, { nowMs: status.atMs, replyWithinMs });
  const ofHints =
    hints === null
      ? ungrouped(status)
      : hintCauses(
          hints.filter((group) => !isUnpulled(group, failingCorps) && !isHeldByDisk(group, storage)),
          CAUSES_MAX,
          severityOf,
        );
  const openCircuits = [...troubles.openCircuits].filter((endpoint) => !isTold(endpoint, ofAccounts));
  const causes = [
    ...counted('not_ready', Number(!isReady)),
    ...storageCauses(storage, views),
    ...counted('not_taken', lastMinute.notTaken),
    ...callers.filter(({ subject }) => subject === 'token').map(tokenCause),
    ...wecomFails,
    ...(wecomFails.length > 0 ? [] : counted('calls_unanswered', unansweredOf(lastMinute))),
    ...troubles.missingCallbacks.map(missingCause),
    ...ofAccounts,
    ...callCauses(callers.filter(({ subject }) => subject === 'api')),
    ...ofHints.causes,
    ...refusedCauses(lastMinute.refused, troubles),
    ...circuitCauses(openCircuits, ofHints.addresses),
    ...troubles.awayReplicas.map(awayCause),
    ...counted('unreadable', status.hints?.unreadable ?? 0),
    // If the store is down, `store_down` says so already.
    ...counted('unknown', Number(storage.isUp && isUnknown(status))),
  ].sort(byRank);
  return { causes, more: ofHints.more };
}

/** That its disk is full says why the store does not answer. With little room it matters to bots whose messages are pulled. */
function storageCauses(
  { isUp, room, sinceMs }: ProcessStatus['storage'],
  views: readonly AccountView[],
): Cause[] {
  if (room === 'full') return [newCause('disk_full', 1, { sinceMs })];
  if (!isUp) return [newCause('store_down', 1, { sinceMs })];
  if (room === 'enough') return [];
  const isPulled = views.some(({ bot }) => bot?.takes === 'message');
  return [newCause('disk_low', 1, { sinceMs, severity: isPulled ? 'bad' : 'wait' })];
}

/** What is not pulled since the disk has too little room, which is told. */
function isHeldByDisk({ endpoint }: HintGroup, { room }: ProcessStatus['storage']): boolean {
  return room !== 'enough' && endpoint?.startsWith(PULL_ORIGIN) === true;
}

/** What the manager cannot pull while WeCom refuses calls of the corp, which is told. */
function isUnpulled({ endpoint, corpId }: HintGroup, failingCorps: ReadonlySet<string>): boolean {
  return endpoint?.startsWith(PULL_ORIGIN) === true && failingCorps.has(corpId);
}

/** That messages wait for its bot says so already. */
function isTold(endpoint: string, causes: readonly Cause[]): boolean {
  const botId = botIdOf(endpoint);
  return botId !== null && causes.some((cause) => cause.code === 'waiting_messages' && cause.botId === botId);
}

/** Reasons of accounts that are known by nothing else: equal ones of a bot, or without one of a corp, are one. */
function accountCauses(views: readonly AccountView[]): Cause[] {
  const found = views.flatMap((view) =>
    view.judged.reasons.filter(({ code }) => CAUSE_TABLE[code].sums).map((reason) => ({ view, reason })),
  );
  const groups = Map.groupBy(found, ({ view: { bot, corpId }, reason: { code, why, status } }) =>
    JSON.stringify([code, bot?.id ?? corpId, why, status]),
  );
  return [...groups.values()].map((group) => {
    const { code, why, status, unlistedAddress = null } = (group[0] as (typeof group)[number]).reason;
    const views = group.map(({ view }) => view);
    const counts = group.map(({ reason }) => (CAUSE_TABLE[code].sums === 'contents' ? reason.count : 1));
    const isBad = group.some(({ reason }) => reason.severity === 'bad');
    const isGiven = group.some(({ reason }) => reason.severity !== undefined);
    return newCause(
      code,
      counts.reduce((sum, count) => sum + count, 0),
      {
        ...(isGiven && { severity: isBad ? ('bad' as const) : ('wait' as const) }),
        sinceMs: firstOf(group.map(({ reason }) => reason.sinceMs)),
        why,
        status,
        unlistedAddress,
        botId: onlyOne(views.map(({ bot }) => bot?.id ?? null)),
        corpId: onlyOne(views.map(({ corpId }) => corpId)),
        openKfId: group.length === 1 ? (views[0]?.openKfId ?? null) : null,
      },
    );
  });
}

function tokenCause({ why, sinceMs, botId, corpId }: WecomOutcome): Cause {
  return newCause('token_refused', 1, { why, sinceMs, botId, corpId });
}

/** That WeCom does not answer is one cause for all corps. */
function wecomCauses(outcomes: readonly WecomOutcome[]): Cause[] {
  const groups = Map.groupBy(outcomes, ({ why, corpId }) => (isFault(why) ? why : `${corpId} ${why}`));
  return [...groups].map(([key, group]) => {
    const { why, unlistedAddress = null } = group.reduce((last, one) => (one.atMs > last.atMs ? one : last));
    return newCause('wecom_fails', new Set(group.map(({ corpId }) => corpId)).size, {
      key: `wecom_fails ${key}`,
      sinceMs: firstOf(group.map(({ sinceMs }) => sinceMs)),
      why,
      unlistedAddress,
      botId: isFault(why) ? null : onlyOne(group.map(({ botId }) => botId)),
      corpId: onlyOne(group.map(({ corpId }) => corpId)),
    });
  });
}

/** Calls of bots that are no replies. */
function callCauses(outcomes: readonly WecomOutcome[]): Cause[] {
  return [...Map.groupBy(outcomes, ({ botId, why }) => `${botId} ${why}`).values()].map((group) => {
    const [{ why, botId, corpId }] = group as [WecomOutcome];
    const openKfIds = group.map(({ openKfId }) => openKfId);
    return newCause('bot_calls_fail', new Set(openKfIds).size, {
      sinceMs: firstOf(group.map(({ sinceMs }) => sinceMs)),
      why,
      botId,
      corpId,
      openKfId: onlyOne(openKfIds),
    });
  });
}

/** Those of a corp that is known have its name and the reason: each reason has a remedy of its own. */
function refusedCauses(count: number, { refusals, isKnownCorp }: Troubles): Cause[] {
  if (count === 0 || refusals === null || refusals.length === 0) return counted('refused', count);
  const isOfCorp = ({ latest: { corpId, reason } }: RefusalGroup) =>
    corpId !== null && reason !== null && isKnownCorp(corpId);
  const isSigned = ({ latest: { reason } }: RefusalGroup) => reason?.startsWith(SIGNED_AND_SEALED) === true;
  // With a wrong key, what comes out is now one nonsense and now another.
  const keyOf = (one: RefusalGroup) =>
    `${one.latest.corpId} ${isSigned(one) ? SIGNED_AND_SEALED : one.latest.reason}`;
  const groups = Map.groupBy(refusals, (one) => (isOfCorp(one) ? keyOf(one) : ''));
  return [...groups.values()]
    .map((group) => {
      const first = group.reduce((most, one) => (one.count > most.count ? one : most));
      const sum = group.reduce((total, one) => total + one.count, 0);
      if (!isOfCorp(first)) return newCause('refused', sum);
      const { corpId, reason } = first.latest;
      return newCause('refused', sum, {
        ...(isSigned(first) && { severity: 'bad' as const }),
        corpId,
        why: reason,
      });
    })
    .sort((a, b) => Number(b.severity === 'bad') - Number(a.severity === 'bad') || b.count - a.count);
}

/** Of one code, those of which it is not known since when come first. */
function byRank(a: Cause, b: Cause): number {
  const bySeverity = Number(b.severity === 'bad') - Number(a.severity === 'bad');
  if (bySeverity !== 0) return bySeverity;
  const byCode = CAUSES.indexOf(a.code) - CAUSES.indexOf(b.code);
  return byCode !== 0 ? byCode : (a.sinceMs ?? -Infinity) - (b.sinceMs ?? -Infinity) || 0;
}

/** The causes while the store has told only the counts of hints, and not their groups. */
function ungrouped({ hints, atMs }: ProcessStatus): HintCauses {
  const {
    dead = 0,
    waiting = 0,
    parked = 0,
    oldestWaitingAtMs = null,
    oldestParkedAtMs = null,
  } = hints ?? {};
  const causes = [
    ...counted('dead', dead),
    ...late('waiting', waiting, oldestWaitingAtMs, atMs),
    ...late('parked', parked, oldestParkedAtMs, atMs),
  ];
  return { causes, more: 0, addresses: new Set() };
}

/** One cause for each host. Addresses for which something waits are left out: the cause of those hints says more. */
function circuitCauses(openCircuits: Iterable<string>, told: HintCauses['addresses']): Cause[] {
  const placed = [...openCircuits].flatMap((endpoint) => {
    const place = placeOf(endpoint);
    return place === null || told.has(place.address) ? [] : [{ endpoint, place }];
  });
  return [...Map.groupBy(placed, ({ place }) => place.host).values()].map((group) => {
    const places = new Map(group.map(({ place }) => [place.address, place]));
    const botId = botOf(group.map(({ endpoint }) => endpoint));
    return newCause('circuits', group.length, { ...whereOf([...places.values()]), botId });
  });
}

/** A silence is only likely to be one. */
function missingCause({ corpId, botId, why, sinceMs, lateMs }: MissingCallbacks): Cause {
  return newCause('callbacks_missing', 1, {
    // Which of its bots were seen to miss something changes while it lasts.
    key: `callbacks_missing ${corpId}`,
    severity: why === 'silent' ? 'wait' : 'bad',
    sinceMs,
    lateMin: lateMs === null ? null : Math.ceil(lateMs / 60_000),
    corpId,
    botId,
    why,
  });
}

function awayCause({ replica, sinceMs }: AwayReplica): Cause {
  return newCause('replica_away', 1, { replica, sinceMs });
}

function counted(code: CauseCode, count: number): Cause[] {
  return count === 0 ? [] : [newCause(code, count)];
}

function late(code: CauseCode, count: number, sinceMs: number | null, nowMs: number): Cause[] {
  if (count === 0 || sinceMs === null || isOnItsWay(sinceMs, nowMs)) return [];
  return [newCause(code, count, { sinceMs })];
}

function firstOf(times: readonly (number | null)[]): number | null {
  const known = times.filter((atMs) => atMs !== null);
  return known.length === 0 ? null : Math.min(...known);
}

function onlyOne(ids: readonly (string | null)[]): string | null {
  const [first = null, ...others] = new Set(ids);
  return others.length === 0 ? first : null;
}

function unansweredOf({ proxyCalls, unansweredCalls }: ProcessStatus['lastMinute']): number {
  const isMuch = unansweredCalls >= UNANSWERED_MIN && unansweredCalls > UNANSWERED_RATIO_MAX * proxyCalls;
  return isMuch ? unansweredCalls : 0;
}

/** Whether a count of the store is missing. */
function isUnknown({ hints, messages }: ProcessStatus): boolean {
  return hints === null || messages === null;
}
