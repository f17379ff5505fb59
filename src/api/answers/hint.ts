import { z } from 'zod';
import { HINT_STATES } from '../../dispatch/outbox/hint.js';
import { FAILURE } from './failure.js';
import { at, pageOf } from './page.js';

/** What waits for an account, or has died. */
export const HINT = z.object({
  corpId: z.string(),
  openKfId: z.string(),
  name: z.string().nullable().describe('Of the account, where a puppet has registered for it.'),
  generation: z.string().describe('Another one for each event that is kept, and each time it is sent again.'),
  state: z
    .enum(HINT_STATES)
    .describe('waiting for its next try; parked until a puppet registers; dead until it is replayed.'),
  arrivedAt: at('When its newest event came in'),
  ageS: z.number().min(0),
  attempts: z.int().min(0),
  dueAt: at('When it is tried next').nullable(),
  endpoint: z.string().nullable().describe('Where it is going, or was last tried.'),
  isUnderWay: z.boolean(),
  isSyncTokenExpired: z.boolean().describe('Whether its puppet is going to be told to pull without one.'),
  failure: FAILURE.nullable(),
});
export type HintAnswer = z.infer<typeof HINT>;
export const HINT_PAGE = pageOf(HINT);

export const REPLAYED = z.object({
  code: z.literal(0),
  message: z.literal('success'),
  replayed: z
    .int()
    .min(0)
    .describe(
      'How many were made due; those whose sync token has expired are sent at 6 a minute for each corp.',
    ),
});
export type ReplayedAnswer = z.infer<typeof REPLAYED>;
