import type { DeliveryStoryAnswer, LoggedDeliveryAnswer, LoggedDeliveryPageAnswer } from './answers.gen.js';
import { useAnswer, usePaged } from './answers.js';

/** Which deliveries are followed; empty for all. */
export interface DeliveryFilter {
  readonly openKfId: string;
  readonly outcome: string;
}

/** What is looked for in the delivery log; empty for all. */
export interface LogFilter {
  readonly q: string;
  readonly openKfId: string;
  readonly outcome: LoggedDeliveryAnswer['outcome'] | '';
  /** ISO 8601. */
  readonly from: string;
  readonly to: string;
}

/** The latest first. */
export const useLoggedDeliveries = (filter: Partial<LogFilter>) =>
  usePaged<LoggedDeliveryAnswer>('/api/v1/deliveries', { ...filter });

/** The last ones of one account. */
export const useLastRecords = (openKfId: string, limit: number) =>
  useAnswer<LoggedDeliveryPageAnswer>('/api/v1/deliveries', { query: { openKfId, limit } });

export const useStory = (id: string) =>
  useAnswer<DeliveryStoryAnswer>(`/api/v1/deliveries/${encodeURIComponent(id)}`);
