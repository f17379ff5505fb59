/** Troubles are the causes of the verdict, each with a key by which it is recognized again. */
import type { Cause } from '../insight/accounts/cause.js';
import { CAUSE_TABLE, CAUSES } from '../insight/accounts/cause-table.js';
import type { SeenToWork } from '../insight/verdict/seen-to-work.js';
import type { Conclusion } from '../insight/verdict/status.js';

/** What one replica sees at one moment. */
export interface Sight {
  /** By its `key`. */
  readonly causes: ReadonlyMap<string, Cause>;
  /** Whether the cause may still hold although it is not among `causes`. Then it is not known to be over. */
  mayHide(cause: Cause): boolean;
  readonly hasWorked: SeenToWork;
}

/**
 * What each look sees as it is, so that it is over when it is not there. Anything else may be unknown to a replica that has just
 * started, or nobody may have it any more: that is over once it was seen to work.
 */
export function isInSight({ code }: Cause): boolean {
  return CAUSE_TABLE[code].over === 'unseen';
}

export function toSight(
  { causes, moreCauses }: Pick<Conclusion, 'causes' | 'moreCauses'>,
  hasWorked: SeenToWork,
): Sight {
  const isBlind = causes.some((cause) => CAUSE_TABLE[cause.code].isBlind || isUngrouped(cause));
  const last = causes.at(-1);
  const isCutAt = moreCauses > 0 && last !== undefined ? rankOf(last) : Infinity;
  const byKey = new Map<string, Cause>();
  // The worst come first, so of two causes with one key the first is kept.
  for (const cause of causes) byKey.set(cause.key, byKey.get(cause.key) ?? cause);
  return {
    causes: byKey,
    hasWorked,
    mayHide: (cause) =>
      isBlind || rankOf(cause) >= isCutAt || causes.some((other) => isOneInOther(cause, other)),
  };
}

/** The place in the order of causes. When there are too many, the last are cut off. */
function rankOf({ code, severity }: Cause): number {
  return CAUSES.indexOf(code) + (severity === 'bad' ? 0 : CAUSES.length);
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
  return CAUSE_TABLE[code].isOfEvents === true && address === null && corpId === null && why === null;
}
