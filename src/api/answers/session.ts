import { z } from 'zod';

/** Whether the browser may use the operator's API. */
export const SESSION = z.object({
  isSignedIn: z.boolean().describe('True also where nobody is asked for credentials.'),
  isAsked: z
    .boolean()
    .describe('Whether there is anything to sign in with: false while no role has a secret.'),
  expiresAt: z.iso.datetime().nullable(),
});
export type SessionAnswer = z.infer<typeof SESSION>;
