/**
 * What waits, is parked or is dead, as one cause for each address: one dead host is one, however many accounts are behind it.
 */
import { HINT_STATES } from '../dispatch/outbox/hint.js';
import type { HintGroup } from '../dispatch/outbox/outbox.js';
import { PULL_ORIGIN } from '../registry/endpoint/endpoint.js';
import type { CauseAnswer } from './answers/verdict.dto.js';
import { toIso } from './api-time.js';

const CODES = { waiting: 'waiting', parked: 'parked', dead: 'dead' } as const;
const SEVERITIES = { waiting: 'wait', parked: 'wait', dead: 'bad' } as const;
/** Scheme and host, then the port; no URL of an endpoint has a user. */
const ORIGIN = /^[a-z]+:\/\/(\[[^\]]+\]|[^/:#?]+)(:\d+)?/;
/** Of hints that were not tried because others at their address failed: they tell less than those. */
const FOLLOWING: ReadonlySet<string | null> = new Set(['circuit', 'late', 'overloaded', null]);

interface Place {
  /** Name or address. */
  readonly host: string;
  /** With its port. */
  readonly address: string;
}

/** Changed while groups are added. */
interface Sum {
  readonly state: HintGroup['state'];
  readonly addresses: Set<string>;
  readonly host: string | null;
  readonly stages: Map<HintGroup['stage'], number>;
  readonly corpIds: Set<string>;
  accounts: number;
  openKfId: string;
  sinceMs: number;
}

export interface HintCauses {
  readonly causes: readonly CauseAnswer[];
  /** How many were left out. */
  readonly more: number;
  /** All hosts for which something waits or is dead. */
  readonly hosts: ReadonlySet<string | null>;
}

/** @param max of each state, those that wait longest. */
export function hintCauses(groups: readonly HintGroup[], max: number): HintCauses {
  const sums = new Map<string, Sum>();
  for (const group of groups) {
    const place = placeOf(group.endpoint);
    // Without a bot, or where the manager itself pulls, only the corp tells them apart.
    const key = `${group.state} ${place?.host ?? `corp ${group.corpId}`}`;
    const sum = sums.get(key) ?? newSum(group, place);
    sums.set(key, sum);
    add(sum, group, place);
  }
  const sorted = [...sums.values()].sort((a, b) => a.sinceMs - b.sinceMs);
  const shown = HINT_STATES.flatMap((state) => sorted.filter((sum) => sum.state === state).slice(0, max));
  const hosts = new Set(sorted.map(({ host }) => host));
  return { causes: shown.map(toCause), more: sorted.length - shown.length, hosts };
}

/** @returns `null` where an event has no address. */
export function placeOf(endpoint: string | null): Place | null {
  if (endpoint === null || endpoint.startsWith(PULL_ORIGIN)) return null;
  const [, host = '', port = ''] = ORIGIN.exec(endpoint) ?? [];
  return { host, address: host + port };
}

function newSum({ state, openKfId, sinceMs }: HintGroup, place: Place | null): Sum {
  return {
    ...{ state, openKfId, sinceMs, accounts: 0, host: place?.host ?? null },
    addresses: new Set(),
    stages: new Map(),
    corpIds: new Set(),
  };
}

function add(sum: Sum, { accounts, corpId, stage, sinceMs }: HintGroup, place: Place | null): void {
  sum.accounts += accounts;
  sum.corpIds.add(corpId);
  sum.stages.set(stage, (sum.stages.get(stage) ?? 0) + accounts);
  sum.sinceMs = Math.min(sum.sinceMs, sinceMs);
  if (place !== null) sum.addresses.add(place.address);
}

function toCause({ state, host, addresses, stages, corpIds, accounts, openKfId, sinceMs }: Sum): CauseAnswer {
  const [address = null, ...others] = addresses;
  const [corpId = null, ...otherCorps] = corpIds;
  return {
    code: CODES[state],
    severity: SEVERITIES[state],
    count: accounts,
    since: toIso(sinceMs),
    why: mostOf(stages),
    address: others.length === 0 ? address : host,
    corpId: otherCorps.length === 0 ? corpId : null,
    openKfId: accounts === 1 ? openKfId : null,
  };
}

/** The stage of most accounts; one that only follows from others' counts where there is no other. */
function mostOf(stages: ReadonlyMap<HintGroup['stage'], number>): string | null {
  const sorted = [...stages].sort(([a, ofA], [b, ofB]) => {
    const byKind = Number(FOLLOWING.has(a)) - Number(FOLLOWING.has(b));
    return byKind !== 0 ? byKind : ofB - ofA;
  });
  return sorted[0]?.[0] ?? null;
}
