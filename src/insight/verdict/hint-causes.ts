/**
 * What waits, is parked or is dead, as one cause for each address; and one for all addresses of a host that is down, however
 * many accounts are behind it.
 */
import { laterAnswer, LINE_STATES } from '../../storage/queue/line.js';
import { botIdOf, PULL_ORIGIN, STREAM_ORIGIN } from '../../registry/endpoint/endpoint.js';
import type { CauseAnswer } from './verdict.dto.js';
import { toIso } from '../../http/answers/times.js';
import type { LineGroup } from '../../storage/queue/queue-store.js';

const CODES = { waiting: 'waiting', parked: 'parked', dead: 'dead' } as const;
const SEVERITIES = { waiting: 'wait', parked: 'wait', dead: 'bad' } as const;
/** Scheme, host and port; no URL of an endpoint has a user. */
const ORIGIN = /^([a-z]+):\/\/(\[[^\]]+\]|[^/:#?]+)(?::(\d+))?/;
/** Of a URL that names none. */
const PORTS: ReadonlyMap<string, number> = new Map([
  ['http', 80],
  ['https', 443],
]);
/** Of hints that were not tried because others at their address failed: they tell less than those. */
const FOLLOWING: ReadonlySet<string | null> = new Set(['circuit', 'late', 'overloaded', null]);

/** As those; but its address answers by now, unless others say something else. */
const WAITING_ITS_TURN = 'resync';

/** Of an address that nobody answers at, as it is where the host is down. */
const DOWN: ReadonlySet<string | null> = new Set(['connect', 'timeout']);

type Stages = Map<LineGroup['stage'], number>;

interface Place {
  /** Name or address. */
  readonly host: string;
  /** Its own, or its scheme's. */
  readonly port: number | null;
  /** Both. */
  readonly address: string;
  /** Whether it is that of a bot that opens a stream: it has no address that says anything to people. */
  readonly isStream: boolean;
}

/** Changed while groups are added. */
interface Sum {
  readonly state: LineGroup['state'];
  /** By their texts. */
  readonly places: Map<string, Place>;
  readonly stages: Stages;
  readonly corpIds: Set<string>;
  readonly endpoints: Set<LineGroup['endpoint']>;
  answered: LineGroup['answered'];
  accounts: number;
  openKfId: string;
  sinceMs: number;
}

export interface HintCauses {
  readonly causes: readonly CauseAnswer[];
  /** How many were left out. */
  readonly more: number;
  /** All addresses for which something waits or is dead. */
  readonly addresses: ReadonlySet<string>;
}

/** @param max of each state, those that wait longest. */
export function hintCauses(groups: readonly LineGroup[], max: number): HintCauses {
  const placed = groups.map((group) => ({ group, place: placeOf(group.endpoint) }));
  const sums = new Map<string, Sum>();
  const keyOf = keysOf(placed);
  for (const { group, place } of placed) {
    const key = keyOf(group, place);
    const sum = sums.get(key) ?? newSum(group);
    sums.set(key, sum);
    add(sum, group, place);
  }
  const sorted = [...sums.values()].sort((a, b) => a.sinceMs - b.sinceMs);
  const shown = LINE_STATES.flatMap((state) => sorted.filter((sum) => sum.state === state).slice(0, max));
  const addresses = new Set(sorted.flatMap((sum) => [...sum.places.keys()]));
  return { causes: shown.map(toCause), more: sorted.length - shown.length, addresses };
}

/** Bots of one host that refuse, each at a port of its own, are as many causes; those of a host that is down are one. */
function keysOf(placed: readonly { readonly group: LineGroup; readonly place: Place | null }[]) {
  const stages = new Map<string, Stages>();
  for (const { group, place } of placed) {
    if (place === null) continue;
    const key = `${group.state} ${place.address}`;
    const ofAddress = stages.get(key) ?? new Map();
    stages.set(key, ofAddress);
    count(ofAddress, group);
  }
  const whys = new Map([...stages].map(([key, ofAddress]) => [key, mostOf(ofAddress)]));
  const whyOf = ({ state }: LineGroup, { address }: Place) => whys.get(`${state} ${address}`) ?? null;
  const down = new Set(
    placed.flatMap(({ group, place }) =>
      place !== null && DOWN.has(whyOf(group, place)) ? [`${group.state} ${place.host}`] : [],
    ),
  );
  return (group: LineGroup, place: Place | null): string => {
    // Without a bot, or where the manager itself pulls, only the corp tells them apart.
    if (place === null) return `${group.state} corp ${group.corpId}`;
    const ofHost = `${group.state} ${place.host}`;
    const why = whyOf(group, place);
    const isDown = DOWN.has(why) || (FOLLOWING.has(why) && down.has(ofHost));
    return isDown ? ofHost : `${group.state} address ${place.address}`;
  };
}

/** @returns `null` where an event has no address. */
export function placeOf(endpoint: string | null): Place | null {
  if (endpoint === null || endpoint.startsWith(PULL_ORIGIN)) return null;
  if (endpoint.startsWith(STREAM_ORIGIN)) {
    // Whichever of its clients has been connected.
    const host = `stream of ${botIdOf(endpoint)}`;
    return { host, port: null, address: host, isStream: true };
  }
  const [, scheme = '', host = '', given] = ORIGIN.exec(endpoint) ?? [];
  const port = given === undefined ? (PORTS.get(scheme) ?? null) : Number(given);
  return { host, port, address: port === null ? host : `${host}:${port}`, isStream: false };
}

/** Of one place, or of several of one host. */
export function whereOf(places: readonly Place[]): Pick<CauseAnswer, 'address' | 'port'> {
  const [first, ...others] = places;
  if (first === undefined || first.isStream) return { address: null, port: null };
  const { host, port, address } = first;
  return others.length === 0 ? { address, port } : { address: host, port: null };
}

/** The bot that all of them are of; `null` where they are of several, or of puppets. */
export function botOf(endpoints: readonly LineGroup['endpoint'][]): string | null {
  const [first = null, ...others] = new Set(
    endpoints.map((endpoint) => (endpoint === null ? null : botIdOf(endpoint))),
  );
  return others.length === 0 ? first : null;
}

function newSum({ state, openKfId, sinceMs }: LineGroup): Sum {
  return {
    ...{ state, openKfId, sinceMs, accounts: 0, answered: null },
    places: new Map(),
    stages: new Map(),
    corpIds: new Set(),
    endpoints: new Set(),
  };
}

function count(stages: Stages, { stage, accounts }: LineGroup): void {
  stages.set(stage, (stages.get(stage) ?? 0) + accounts);
}

function add(sum: Sum, group: LineGroup, place: Place | null): void {
  const { accounts, corpId, endpoint, sinceMs, answered } = group;
  sum.accounts += accounts;
  sum.corpIds.add(corpId);
  sum.endpoints.add(endpoint);
  count(sum.stages, group);
  sum.answered = laterAnswer(sum.answered, answered);
  sum.sinceMs = Math.min(sum.sinceMs, sinceMs);
  if (place !== null) sum.places.set(place.address, place);
}

function toCause(sum: Sum): CauseAnswer {
  const { state, places, stages, corpIds, endpoints, accounts, openKfId, sinceMs } = sum;
  const why = mostOf(stages);
  const [corpId = null, ...otherCorps] = corpIds;
  return {
    code: CODES[state],
    severity: SEVERITIES[state],
    count: accounts,
    since: toIso(sinceMs),
    why,
    status: why === 'status' ? (sum.answered?.status ?? null) : null,
    ...whereOf([...places.values()]),
    botId: botOf([...endpoints]),
    corpId: otherCorps.length === 0 ? corpId : null,
    openKfId: accounts === 1 ? openKfId : null,
    name: null,
  };
}

/** The stage of most accounts; one that only follows from others' counts where there is no other. */
function mostOf(stages: Stages): string | null {
  const sorted = [...stages].sort(([a, ofA], [b, ofB]) => {
    const byKind = Number(tellsLess(a)) - Number(tellsLess(b));
    return byKind !== 0 ? byKind : ofB - ofA;
  });
  return sorted[0]?.[0] ?? null;
}

function tellsLess(stage: LineGroup['stage']): boolean {
  return FOLLOWING.has(stage) || stage === WAITING_ITS_TURN;
}
