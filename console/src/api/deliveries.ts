import type { DeliveryAnswer } from './answers.gen.js';
import type { Page } from './page.js';
import { toQuery } from './query.js';
import { request } from './request.js';

export interface DeliveryFilter {
  readonly openKfId: string;
  readonly outcome: string;
}

const LATEST_MAX = 50;

/** The latest first. */
export function listDeliveries(filter: DeliveryFilter, signal: AbortSignal): Promise<Page<DeliveryAnswer>> {
  return request(`/api/v1/deliveries${toQuery({ ...filter, limit: LATEST_MAX })}`, { signal });
}
