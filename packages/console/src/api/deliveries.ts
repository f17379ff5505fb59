import type { DeliveryStoryAnswer, LoggedDeliveryAnswer, LoggedDeliveryPageAnswer } from './answers.gen.js';
import { toQuery } from './query.js';
import { request } from './request.js';

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

const PAGE_SIZE = 50;

/** The latest first. */
export function searchDeliveries(
  filter: Partial<LogFilter>,
  cursor: string | null,
  signal: AbortSignal,
  limit = PAGE_SIZE,
): Promise<LoggedDeliveryPageAnswer> {
  return request(`/api/v1/deliveries${toQuery({ ...filter, cursor, limit })}`, { signal });
}

export function getStory(id: string, signal: AbortSignal): Promise<DeliveryStoryAnswer> {
  return request(`/api/v1/deliveries/${encodeURIComponent(id)}`, { signal });
}
