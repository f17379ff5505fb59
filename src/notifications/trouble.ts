/** One thing that needs attention: what it is told for, and how it is known again. */
import { CAUSES, type CauseAnswer, type VerdictAnswer } from '../api/answers/verdict.dto.js';

/** As of the operators' API. */
export type Cause = Readonly<CauseAnswer>;

/** What one replica sees at one moment. */
export interface Sight {
  /** By `keyOf`. */
  readonly causes: ReadonlyMap<string, Cause>;
  /** Whether it may be a trouble without being among these, so that it is not known to be over. */
  mayHide(cause: Cause): boolean;
}

/** While the store tells nothing, nothing of what waits in it is among the causes. */
const HIDING: ReadonlySet<Cause['code']> = new Set(['store_down', 'unknown']);
const OF_HINTS: ReadonlySet<Cause['code']> = new Set(['waiting', 'parked', 'dead']);
const PORT = /:\d+$/;

export function toSight({ causes, moreCauses }: Pick<VerdictAnswer, 'causes' | 'moreCauses'>): Sight {
  const isBlind = causes.some((cause) => HIDING.has(cause.code) || isUngrouped(cause));
  const last = causes.at(-1);
  const isCutAt = moreCauses > 0 && last !== undefined ? rankOf(last) : Infinity;
  return {
    causes: new Map(causes.map((cause) => [keyOf(cause), cause])),
    mayHide: (cause) => isBlind || rankOf(cause) >= isCutAt,
  };
}

/** Causes come in this order, and the last are cut off. */
function rankOf({ code }: Cause): number {
  return CAUSES.indexOf(code);
}

/**
 * The code and the place, which stay the same while more accounts, corps or ports of a host join in: causes of hints are one
 * for each host, or where there is none for each corp; those of calls one for each reason. That a host fails and that something
 * waits for it is one trouble, of which the causes have only the second where both are so.
 */
export function keyOf({ code, address, corpId, why }: Cause): string {
  if (code !== 'circuits' && !OF_HINTS.has(code)) return `${code} ${why ?? ''}`;
  const place = address?.replace(PORT, '') ?? corpId ?? '';
  return `${code === 'circuits' ? 'waiting' : code} ${place}`;
}

/** All hints together, since the store has not told more. */
function isUngrouped({ code, address, corpId, why }: Cause): boolean {
  return OF_HINTS.has(code) && address === null && corpId === null && why === null;
}
