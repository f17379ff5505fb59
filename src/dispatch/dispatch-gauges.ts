import { Injectable } from '@nestjs/common';
import { byOrigin, toOrigin } from '../metrics/by-origin.js';
import { Metrics, only, type Sample } from '../metrics/metrics.js';
import { OutgoingSockets } from '../metrics/outgoing-sockets.js';
import { PULL_ORIGIN } from '../registry/endpoint/endpoint.js';
import { HintKeeper } from './later/hint-keeper.js';
import { Overload, type OverloadCounts } from './inline/overload.js';
import { HttpCarrier } from './http/http-carrier.js';
import { Circuits } from './endpoint/circuits.js';

/** Gauges of what is in trouble, computed at each scrape. */
@Injectable()
export class DispatchGauges {
  constructor(
    metrics: Metrics,
    sockets: OutgoingSockets,
    client: HttpCarrier,
    circuits: Circuits,
    keeper: HintKeeper,
    overload: Overload,
  ) {
    sockets.watch('puppet', client.pools);
    metrics.reads('wxkf_keeping_failing', () => only(Number(keeper.isFailing)));
    metrics.reads('wxkf_overload_total', () => overloads(overload.counts));
    metrics.reads('wxkf_open_circuits', () => byOrigin(countByOrigin(circuits.failing)));
  }
}

function overloads(counts: OverloadCounts): Sample<'action' | 'reason'>[] {
  return Object.entries(counts).flatMap(([action, reasons]) =>
    Object.entries<number>(reasons).map(([reason, value]) => ({ labels: { action, reason }, value })),
  );
}

function countByOrigin(endpoints: Iterable<string>): Map<string, number> {
  // Always there, since an alert asks for it.
  const counts = new Map<string, number>([[PULL_ORIGIN, 0]]);
  for (const endpoint of endpoints) {
    const origin = toOrigin(endpoint);
    counts.set(origin, (counts.get(origin) ?? 0) + 1);
  }
  return counts;
}
