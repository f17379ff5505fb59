import type { Dispatcher as Undici } from 'undici';
import type { TraceContext } from '../../kernel/trace-context.js';
import type { Endpoint } from '../../registry/endpoint/endpoint.js';
import type { Parcel } from '../endpoint/parcel.js';

/** How a parcel is put into a request, and how long an attempt may take. */
export interface DeliveryForm {
  readonly limitMs: number;
  toRequest(
    endpoint: Endpoint,
    parcel: Parcel,
    nowMs: number,
    trace: TraceContext | null,
  ): Undici.DispatchOptions;
}
