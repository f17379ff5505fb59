/** One thing that needs attention: what it is told for, and how it is known again. */
import type { CauseAnswer, VerdictAnswer } from '../api/answers/verdict.dto.js';

/** As of the operators' API. */
export type Cause = Readonly<CauseAnswer>;

/** What one replica sees at one moment. */
export interface Sight {
  /** By `keyOf`. */
  readonly causes: ReadonlyMap<string, Cause>;
  /** Whether there may be troubles that are not among these, so that nothing is known to be over. */
  readonly isPartial: boolean;
}

/** While the store tells nothing, nothing of what waits in it is among the causes. */
const HIDING: ReadonlySet<Cause['code']> = new Set(['store_down', 'unknown']);
const OF_HINTS: ReadonlySet<Cause['code']> = new Set(['waiting', 'parked', 'dead']);
const PORT = /:\d+$/;

export function toSight({ causes, moreCauses }: Pick<VerdictAnswer, 'causes' | 'moreCauses'>): Sight {
  return {
    causes: new Map(causes.map((cause) => [keyOf(cause), cause])),
    isPartial: moreCauses > 0 || causes.some((cause) => HIDING.has(cause.code) || isUngrouped(cause)),
  };
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
