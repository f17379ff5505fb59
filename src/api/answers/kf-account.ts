import { z } from 'zod';
import { DELIVERY_OCCASIONS } from '../../dispatch/outbox/hint.js';
import { FAILURE } from './failure.js';
import { HINT } from './hint.js';
import { at, pageOf } from './page.js';

/** The first that is so: something of it is dead; something waits; its puppet said goodbye; all is well. */
export const ACCOUNT_STATES = ['dead', 'waiting', 'offline', 'online'] as const;

/** A registration, how its deliveries go, and no secret. */
export const KF_ACCOUNT = z.object({
  openKfId: z.string(),
  name: z.string(),
  corpId: z.string(),
  endpoint: z.string(),
  state: z.enum(ACCOUNT_STATES),
  online: z.boolean(),
  lastOnlineAt: at('Its last hello or goodbye').nullable(),
  registeredFrom: z.string().nullable().describe('The address that it registered from.'),
  circuit: z.enum(['closed', 'open']).describe('open: its endpoint fails and gets nothing but probes.'),
  hint: HINT.nullable().describe('What waits for it, or is dead.'),
  lastDelivery: z
    .object({
      at: at('When the puppet took it'),
      status: z.int(),
      durationMs: z.number().min(0),
      occasion: z.enum(DELIVERY_OCCASIONS),
    })
    .nullable()
    .describe('The last one that this replica made; null where it made none.'),
  lastFailure: FAILURE.nullable().describe('The last one that this replica saw, or the one of its hint.'),
});
export type KfAccountAnswer = z.infer<typeof KF_ACCOUNT>;
export const KF_ACCOUNT_PAGE = pageOf(KF_ACCOUNT);

/** What came of a resync hint that an operator had sent. */
export const TESTED = z.object({
  taken: z.boolean(),
  status: z.int().nullable(),
  durationMs: z.number().min(0),
  body: z.string().nullable().describe("The first 1 kB of the puppet's answer; null where there was none."),
  failure: FAILURE.omit({ at: true }).nullable(),
});
export type TestedAnswer = z.infer<typeof TESTED>;
