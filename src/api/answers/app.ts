import { z } from 'zod';
import { at, pageOf } from './page.js';

/** Callback credentials known before any puppet registers, without their secrets. */
export const APP = z.object({
  id: z.string(),
  corpId: z.string(),
  name: z.string(),
  source: z.enum(['api', 'file']).describe('file: of WECOM_APPS_FILE, read-only here.'),
  receiveIds: z.array(z.string()),
  callbackPath: z
    .string()
    .describe("Behind the manager's public address, the callback URL to enter at WeCom."),
  createdAt: at('When it was added').nullable(),
  verifiedAt: at("When WeCom's verification was last answered with its token and key").nullable(),
  accounts: z.int().min(0).describe('Registered kf accounts whose puppets have its token and key.'),
  lastDeliveryAt: at('When this replica last delivered an event of the corp, since it was added').nullable(),
});
export type AppAnswer = z.infer<typeof APP>;
export const APP_PAGE = pageOf(APP);

/** The only answer that ever shows them. */
export const APP_CREATED = APP.extend({ token: z.string(), encodingAESKey: z.string() });
export type AppCreatedAnswer = z.infer<typeof APP_CREATED>;
