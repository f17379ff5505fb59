/** Troubles are the causes of the verdict, each with a key by which it is recognized again. */
import { CAUSES, type CauseAnswer, type VerdictAnswer } from '../insight/verdict/verdict.dto.js';

/** A cause as the operators' API describes it. */
export type Cause = Readonly<CauseAnswer>;

/** What one replica sees at one moment. */
export interface Sight {
  /** By `keyOf`. */
  readonly causes: ReadonlyMap<string, Cause>;
  /** Whether the cause may still hold although it is not among `causes`. Then it is not known to be over. */
  mayHide(cause: Cause): boolean;
  /** Whether the cause's address has worked since this store time, as far as this replica knows. */
  hasWorkedSince(cause: Cause, sinceMs: number): boolean;
}

/** Whether the store does not show the cause. Then a replica that has just started does not see it, although it is there. */
export function isSeenByItsReplicaAlone({ code }: Cause): boolean {
  return code === 'circuits';
}

/** With one of these, the store could not be read, so the causes lack what waits in it. */
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
  // The worst come first, so of two causes with one key the first is kept.
  for (const cause of causes) byKey.set(keyOf(cause), byKey.get(keyOf(cause)) ?? cause);
  return {
    causes: byKey,
    hasWorkedSince,
    mayHide: (cause) =>
      isBlind || rankOf(cause) >= isCutAt || causes.some((other) => isOneInOther(cause, other)),
  };
}

/** The place in the order of causes. When there are too many, the last are cut off. */
function rankOf({ code }: Cause): number {
  return CAUSES.indexOf(code);
}

/**
 * Identifies a cause. Causes about hints are identified by their address, which is the host's where all of the host is down;
 * without an address by their bot, or else by their corp. Causes about calls are identified by their reason. An address that
 * fails and events that wait for it are one trouble.
 */
export function keyOf(cause: Cause): string {
  const { address, botId, corpId, why } = cause;
  const kind = kindOf(cause);
  return OF_HINTS.has(kind) ? `${kind} ${address ?? botId ?? corpId ?? ''}` : `${kind} ${why ?? ''}`;
}

function kindOf({ code }: Cause): Cause['code'] {
  return code === 'circuits' ? 'waiting' : code;
}

/** Whether one is about a host and the other about a port of that host: the bots of a host fail, and come back, one by one. */
function isOneInOther(one: Cause, other: Cause): boolean {
  if (one.address === null || kindOf(one) !== kindOf(other)) return false;
  return (one.port === null) !== (other.port === null) && hostOf(one) === hostOf(other);
}

function hostOf({ address, port }: Cause): string | null {
  return port === null || address === null ? address : address.slice(0, -`:${port}`.length);
}

/** Whether the cause is about all hints together, since the store has not grouped them. */
function isUngrouped({ code, address, corpId, why }: Cause): boolean {
  return OF_HINTS.has(code) && address === null && corpId === null && why === null;
}
