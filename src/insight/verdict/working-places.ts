import { Injectable } from '@nestjs/common';
import { Deliveries } from '../../dispatch/endpoint/deliveries.js';
import type { CauseAnswer } from './verdict.dto.js';
import { botOf, placeOf } from './hint-causes.js';

/** The places where this process has seen that something was taken. */
@Injectable()
export class WorkingPlaces {
  constructor(private readonly deliveries: Deliveries) {}

  /** Whether something was taken at the place of the cause since `sinceMs`, store time. Scans all addresses. */
  hasWorkedSince({ address, port, botId }: Readonly<CauseAnswer>, sinceMs: number): boolean {
    for (const endpoint of this.deliveries.endpointsTakingSince(sinceMs)) {
      const place = placeOf(endpoint);
      if (place === null) continue;
      const isThere = address === (port === null ? place.host : place.address);
      if (place.isStream ? address === null && botOf([endpoint]) === botId : isThere) return true;
    }
    return false;
  }
}
