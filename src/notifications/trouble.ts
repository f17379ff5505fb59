/** One thing that needs attention: what it is told for, and how it is known again. */
import { CAUSES, type CauseAnswer, type VerdictAnswer } from '../insight/verdict/verdict.dto.js';

/** As of the operators' API. */
export type Cause = Readonly<CauseAnswer>;

/** What one replica sees at one moment. */
export interface Sight {
  /** By `keyOf`. */
  readonly causes: ReadonlyMap<string, Cause>;
  /** Whether it may be a trouble without being among these, so that it is not known to be over. */
  mayHide(cause: Cause): boolean;
  /** Whether the cause's address has worked since then, store time, as far as it is known. */
  hasWorkedSince(cause: Cause, sinceMs: number): boolean;
}

/** What is known to no store, so that a replica which has just started does not see it although it is there. */
export function isSeenByItsReplicaAlone({ code }: Cause): boolean {
  return code === 'circuits';
}

/** While the store tells nothing, nothing of what waits in it is among the causes. */
const HIDING: ReadonlySet<Cause['code']> = new Set(['store_down', 'unknown']);
const OF_HINTS: ReadonlySet<Cause['code']> = new Set(['waiting', 'parked', 'dead']);

export function toSight(
  { causes, moreCauses }: Pick<VerdictAnswer, 'causes' | 'moreCauses'>,
  hasWorkedSince: Sight['hasWorkedSince'],
): Sight {
  const isBlind = causes.some((cause) => HIDING.has(cause.code) || isUngrouped(cause));
  const last = causes.at(-1);
  const isCutAt = moreCauses > 0 && last !== undefined ? rankOf(last) : Infinity;
  const byKey = new Map<string, Cause>();
  // Of two with one key the first says more.
  for (const cause of causes) byKey.set(keyOf(cause), byKey.get(keyOf(cause)) ?? cause);
  return {
    causes: byKey,
    hasWorkedSince,
    mayHide: (cause) =>
      isBlind || rankOf(cause) >= isCutAt || causes.some((other) => isOneInOther(cause, other)),
  };
}

/** Causes come in this order, and the last are cut off. */
function rankOf({ code }: Cause): number {
  return CAUSES.indexOf(code);
}

/**
 * The causes are grouped already. Those of hints are known by their address, which is the host's where all of it is down, or
 * where there is none by their bot or their corp; those of calls by their reason. That an address fails and that something waits for it is
 * one trouble.
 */
export function keyOf(cause: Cause): string {
  const { address, botId, corpId, why } = cause;
  const kind = kindOf(cause);
  return OF_HINTS.has(kind) ? `${kind} ${address ?? botId ?? corpId ?? ''}` : `${kind} ${why ?? ''}`;
}

function kindOf({ code }: Cause): Cause['code'] {
  return code === 'circuits' ? 'waiting' : code;
}

/** Whether one is of a host and the other of a port there: a host goes down, and comes back, bot by bot. */
function isOneInOther(one: Cause, other: Cause): boolean {
  if (one.address === null || kindOf(one) !== kindOf(other)) return false;
  return (one.port === null) !== (other.port === null) && hostOf(one) === hostOf(other);
}

function hostOf({ address, port }: Cause): string | null {
  return port === null || address === null ? address : address.slice(0, -`:${port}`.length);
}

/** All hints together, since the store has not told more. */
function isUngrouped({ code, address, corpId, why }: Cause): boolean {
  return OF_HINTS.has(code) && address === null && corpId === null && why === null;
}
