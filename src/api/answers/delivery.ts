import { z } from 'zod';
import { FAILURE_STAGES } from '../../dispatch/line/attempt.js';
import { DELIVERY_OCCASIONS } from '../../dispatch/outbox/hint.js';
import { at, pageOf } from './page.js';

export const OUTCOMES = ['taken', 'not_taken'] as const;

/** One attempt that a replica made. */
export const DELIVERY = z.object({
  id: z.string().describe('Tells it apart from all others of all replicas.'),
  replica: z.string().describe('Which process made it.'),
  at: at('When it ended'),
  corpId: z.string(),
  openKfId: z.string(),
  endpoint: z.string().nullable(),
  occasion: z.enum(DELIVERY_OCCASIONS),
  attempt: z.int().min(1).describe('Counted from 1.'),
  form: z.enum(['encrypted', 'decrypted']).describe('Which of the two forms it was sent in.'),
  webhookId: z.string().describe('The webhook-id it was sent with.'),
  outcome: z.enum(OUTCOMES),
  status: z.int().nullable().describe('What the puppet answered; null where it did not.'),
  stage: z.enum(FAILURE_STAGES).nullable().describe('Where it failed; null where it was taken.'),
  reason: z.string().nullable(),
  durationMs: z.number().min(0),
});
export type DeliveryAnswer = z.infer<typeof DELIVERY>;
export const DELIVERY_PAGE = pageOf(DELIVERY);
