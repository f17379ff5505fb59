import { z } from 'zod';

/** A page of a list. @param item of which it is one. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    nextCursor: z
      .string()
      .nullable()
      .describe('Where the next page begins: send it as cursor. null at the end.'),
  });
}

/** A page as its reader has it. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

export const SUCCESS = z.object({ code: z.literal(0), message: z.literal('success') });
export type SuccessAnswer = z.infer<typeof SUCCESS>;

export const at = (what: string) => z.iso.datetime().describe(`${what}; ISO 8601, UTC.`);
