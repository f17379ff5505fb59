import type { StatusAnswer } from '../../api/answers.gen.js';

/** What an operator may have to know, the worst first. */
export const FINDINGS = [
  'notReady',
  'storeDown',
  'notTaken',
  'dead',
  'deadMessages',
  'waiting',
  'waitingMessages',
  'refused',
  'circuits',
  'unreadable',
  'parked',
  'unknown',
  'empty',
  'quiet',
  'answered',
] as const;
/** One that is on its way just now waits as well. */
const MESSAGE_AGE_S_MAX = 10;

export type Finding = (typeof FINDINGS)[number];

/** @param callbacksOfHour of this replica; null while that is not known. */
export function findingsOf(status: StatusAnswer, callbacksOfHour: number | null): readonly Finding[] {
  const { counts, lastMinute, ready, storage } = status;
  const so: Record<Finding, boolean> = {
    notReady: !ready,
    storeDown: !storage.up,
    notTaken: lastMinute.notTaken > 0,
    dead: isSome(counts.dead),
    deadMessages: isSome(counts.deadMessages),
    waiting: isSome(counts.waiting),
    waitingMessages: (status.oldestMessageAgeS ?? 0) > MESSAGE_AGE_S_MAX,
    refused: lastMinute.refused > 0,
    circuits: counts.openCircuits > 0,
    unreadable: isSome(counts.unreadable),
    parked: isSome(counts.parked),
    // That the store is down says so already.
    unknown: storage.up && isUnknown(counts),
    empty: counts.accounts === 0,
    quiet: false,
    answered: false,
  };
  const found = FINDINGS.filter((finding) => so[finding]);
  if (found.length > 0) return found;
  return callbacksOfHour === 0 && lastMinute.callbacks === 0 ? ['quiet'] : ['answered'];
}

/** Whether the store has not told all that may wait. */
function isUnknown({ waiting, parked, dead, unreadable, waitingMessages }: StatusAnswer['counts']): boolean {
  return [waiting, parked, dead, unreadable, waitingMessages].includes(null);
}

function isSome(count: number | null): boolean {
  return count !== null && count > 0;
}
