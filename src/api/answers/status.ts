import { z } from 'zod';
import { at } from './page.js';

const count = z.int().min(0);
/** `null` while the store does not answer. */
const stored = count.nullable();

export const STATUS = z.object({
  version: z.string(),
  node: z.string(),
  replica: z.string().describe('The process that answers.'),
  startedAt: at('When this process started'),
  uptimeS: z.number().min(0),
  ready: z.boolean(),
  storage: z.object({ kind: z.enum(['mongodb', 'embedded']), up: z.boolean() }),
  counts: z
    .object({
      accounts: count,
      online: count,
      waiting: stored,
      parked: stored,
      dead: stored,
      unreadable: stored,
      openCircuits: count,
    })
    .describe('Of the whole store; openCircuits are those of this replica. null: the store does not answer.'),
  oldestWaitingAgeS: z.number().min(0).nullable(),
  lastMinute: z
    .object({
      callbacks: count,
      delivered: count,
      kept: count,
      refused: count,
      notTaken: count,
      failedAttempts: count,
      tokenRequests: count,
      proxyCalls: count,
    })
    .describe('Of this replica, within the last 60 s.'),
});
export type StatusAnswer = z.infer<typeof STATUS>;

/** One interval of the last hour. */
export const HISTORY_POINT = z.object({
  at: at('When the interval ended'),
  callbacks: count,
  delivered: count,
  kept: count,
  refused: count,
  notTaken: count,
  failedAttempts: count,
  waiting: stored,
  dead: stored,
  oldestWaitingAgeS: z.number().min(0).nullable(),
});
/** The last hour of this replica, oldest first. */
export const HISTORY = z.object({ intervalS: z.int().min(1), items: z.array(HISTORY_POINT) });
export type HistoryAnswer = z.infer<typeof HISTORY>;
