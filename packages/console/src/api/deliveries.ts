import type { DeliveryStoryAnswer, LoggedDeliveryAnswer, LoggedDeliveryPageAnswer } from './answers.gen.js';
import { useAnswer, usePaged } from './answers.js';

const EVERY_MS = 30_000;

/** What is looked for in the delivery log; empty for all. */
export interface LogFilter {
  readonly q: string;
  readonly corpId: string;
  readonly openKfId: string;
  /** The bot that has the account now. */
  readonly botId: string;
  readonly outcome: string;
  /** ISO 8601. */
  readonly from: string;
  readonly to: string;
}

/** The last ones of one account. */
export const useLastRecords = (openKfId: string, limit: number) =>
  useAnswer<LoggedDeliveryPageAnswer>('/api/v1/deliveries', { query: { openKfId, limit } });

/** The latest first. */
export const useLoggedDeliveries = (filter: Partial<LogFilter>) =>
  usePaged<LoggedDeliveryAnswer>('/api/v1/deliveries', { ...filter });

/** How far back the log reaches, and for how long it is kept. */
export const useReach = () =>
  useAnswer<LoggedDeliveryPageAnswer>('/api/v1/deliveries', { query: { limit: 1 }, everyMs: EVERY_MS });

/** One event or message from its callback to its end. */
export const useStory = (id: string) =>
  useAnswer<DeliveryStoryAnswer>(`/api/v1/deliveries/${encodeURIComponent(id)}`);
