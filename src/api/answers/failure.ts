import { z } from 'zod';
import { FAILURE_STAGES } from '../../dispatch/line/attempt.js';
import { NOT_TRIED_STAGES } from '../../dispatch/outbox/hint.js';
import { at } from './page.js';

export const STAGE = z.enum([...FAILURE_STAGES, ...NOT_TRIED_STAGES]).describe('Where on its way it failed.');

/** Why a puppet did not take an event. */
export const FAILURE = z.object({
  at: at('When it failed'),
  stage: STAGE,
  reason: z.string().describe('In words, without any secret.'),
});
export type FailureAnswer = z.infer<typeof FAILURE>;
