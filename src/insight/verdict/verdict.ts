/**
 * Concludes whether customers are being answered, from the accounts. No other place concludes it: the console and notifications
 * take it from here. The verdict is good only if replies were seen. Where none were seen, it says so. Pure.
 */
import { type AccountView, statesOf } from '../accounts/account-views.js';
import { CAUSES_MAX, type Causes } from './causes.js';
import { concernedBy } from './concerned.js';
import type { Conclusion, RepliesSeen } from './status.js';

/** How old a reply or an event may be to say something about now. */
const LATELY_MS = 3_600_000;

/** @param found all that is wrong now. @param nowMs store time of the views. */
export function conclude(
  { causes, more }: Causes,
  views: readonly AccountView[],
  { hasBots, nowMs }: { readonly hasBots: boolean; readonly nowMs: number },
): Conclusion {
  const shown = causes.slice(0, CAUSES_MAX);
  const replies = repliesOf(views, nowMs);
  const troubled = views.filter(({ judged }) => judged.reasons.length > 0);
  const isFailing = causes.some(({ severity }) => severity === 'bad');
  const calm = causes.length > 0 ? 'degraded' : calmState(views.length > 0 || hasBots, replies);
  return {
    state: isFailing ? 'failing' : calm,
    causes: shown.map((cause) => ({ ...cause, ...concernedBy(cause, troubled) })),
    moreCauses: causes.length - shown.length + more,
    replies,
    accounts: statesOf(views),
  };
}

function repliesOf(views: readonly AccountView[], nowMs: number): RepliesSeen {
  const sinceMs = nowMs - LATELY_MS;
  const counts = { answering: 0, silent: 0, unseen: 0 };
  let lastAtMs = 0;
  for (const { takenAtMs, replies } of views) {
    const { repliedAtMs } = replies;
    lastAtMs = Math.max(lastAtMs, repliedAtMs ?? 0);
    if (takenAtMs < sinceMs) continue;
    counts[repliedAtMs === null ? 'unseen' : repliedAtMs >= sinceMs ? 'answering' : 'silent']++;
  }
  return { ...counts, lastAtMs: lastAtMs === 0 ? null : lastAtMs };
}

function calmState(
  isUsed: boolean,
  { answering, silent, unseen }: RepliesSeen,
): Exclude<Conclusion['state'], 'failing' | 'degraded'> {
  if (answering + silent + unseen === 0) return isUsed ? 'quiet' : 'empty';
  if (answering === 0) return 'unseen';
  return unseen === 0 ? 'answered' : 'partly';
}
