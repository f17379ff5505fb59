import { type AttemptCounts, summaryOf } from '../../log/recent-attempts.js';
import type { LastHourAnswer } from './last-hour.dto.js';
import { toDuration } from '../../http/answers/times.js';

export function toLastHourAnswer(counts: AttemptCounts): LastHourAnswer {
  const { attempts, taken, p50Ms, p95Ms } = summaryOf(counts);
  const shown = (ms: number | null) => (ms === null ? null : toDuration(ms));
  return { attempts, taken, p50Ms: shown(p50Ms), p95Ms: shown(p95Ms) };
}
