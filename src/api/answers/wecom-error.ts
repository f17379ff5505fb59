import { z } from 'zod';
import { at, pageOf } from './page.js';

/** What WeCom refused, or the manager in its name, by errcode; since this replica started. */
export const WECOM_ERROR = z.object({
  operation: z.enum(['gettoken', 'call']),
  errcode: z.string().describe('other: one that WeCom does not document.'),
  count: z.int().min(1),
  lastAt: at('When it was last seen'),
});
export type WecomErrorAnswer = z.infer<typeof WECOM_ERROR>;
export const WECOM_ERROR_PAGE = pageOf(WECOM_ERROR);
