/**
 * Makes causes of waiting, parked and dead hints: one for each address, however many accounts are behind it. All addresses of a
 * host that is down are one cause.
 */
import { LINE_STATES } from '../../storage/queue/line.js';
import { laterAnswer } from '../../queue/failure.js';
import { botIdOf, PULL_ORIGIN, STREAM_ORIGIN } from '../../registry/endpoint/endpoint.js';
import { type Cause, newCause } from '../accounts/cause.js';
import type { HintGroup } from '../../queue/event.js';

/** Scheme, host and port; no URL of an endpoint has a user. */
const ORIGIN = /^([a-z]+):\/\/(\[[^\]]+\]|[^/:#?]+)(?::(\d+))?/;
/** Ports of URLs that name none. */
const PORTS: ReadonlyMap<string, number> = new Map([
  ['http', 80],
  ['https', 443],
]);
/** Stages of hints that were not tried, mostly because others at their address failed. The stages of those others tell more. */
const FOLLOWING: ReadonlySet<string | null> = new Set([
  'circuit',
  'pull_held',
  'pull_later',
  'late',
  'overloaded',
  'elsewhere',
  null,
]);

/** This stage tells less, too. It means that the address answers by now, unless other stages say otherwise. */
const WAITING_ITS_TURN = 'resync';

/** Stages at an address where nobody answers, as when the host is down. */
const DOWN: ReadonlySet<string | null> = new Set(['connect', 'timeout']);

type Stages = Map<HintGroup['stage'], number>;

interface Place {
  /** Its name or IP address. */
  readonly host: string;
  /** The port of the URL, or that of its scheme. */
  readonly port: number | null;
  /** Host and port. */
  readonly address: string;
  /** Whether a bot opens a stream instead of having an address. `host` and `address` are then not shown to people. */
  readonly isStream: boolean;
}

/** Changed while groups are added. */
interface Sum {
  readonly state: HintGroup['state'];
  /** By `address`. */
  readonly places: Map<string, Place>;
  readonly stages: Stages;
  readonly corpIds: Set<string>;
  readonly endpoints: Set<HintGroup['endpoint']>;
  answered: HintGroup['answered'];
  accounts: number;
  openKfId: string;
  sinceMs: number;
}

export interface HintCauses {
  readonly causes: readonly Cause[];
  /** How many causes were left out. */
  readonly more: number;
  /** All addresses for which something waits or is dead. */
  readonly addresses: ReadonlySet<string>;
}

/**
 * @param max how many causes of each state are kept: those that wait longest.
 * @param severityOf by since when somebody waits.
 */
export function hintCauses(
  groups: readonly HintGroup[],
  max: number,
  severityOf: (sinceMs: number) => Cause['severity'],
): HintCauses {
  const placed = groups.filter(isTrouble).map((group) => ({ group, place: placeOf(group.endpoint) }));
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
  return {
    causes: shown.map((sum) => toCause(sum, severityOf)),
    more: sorted.length - shown.length,
    addresses,
  };
}

/** Events of a paused bot wait because an operator wants that. They are told of their accounts. */
function isTrouble({ state, stage }: HintGroup): boolean {
  return state !== 'parked' || stage !== 'paused';
}

/** Bots that refuse at different ports of one host are separate causes. Bots on a host that is down are one cause. */
function keysOf(placed: readonly { readonly group: HintGroup; readonly place: Place | null }[]) {
  const stages = new Map<string, Stages>();
  for (const { group, place } of placed) {
    if (place === null) continue;
    const key = `${group.state} ${place.address}`;
    const ofAddress = stages.get(key) ?? new Map();
    stages.set(key, ofAddress);
    count(ofAddress, group);
  }
  const whys = new Map([...stages].map(([key, ofAddress]) => [key, mostOf(ofAddress)]));
  const whyOf = ({ state }: HintGroup, { address }: Place) => whys.get(`${state} ${address}`) ?? null;
  const down = new Set(
    placed.flatMap(({ group, place }) =>
      place !== null && DOWN.has(whyOf(group, place)) ? [`${group.state} ${place.host}`] : [],
    ),
  );
  return (group: HintGroup, place: Place | null): string => {
    // Without an address only the corp tells hints apart; where the manager itself pulls, the bot that it pulls for.
    if (place === null) return `${group.state} corp ${group.corpId} ${botOf([group.endpoint]) ?? ''}`;
    const ofHost = `${group.state} ${place.host}`;
    const why = whyOf(group, place);
    const isDown = DOWN.has(why) || (FOLLOWING.has(why) && down.has(ofHost));
    return isDown ? ofHost : `${group.state} address ${place.address}`;
  };
}

/** @returns `null` for an endpoint without an address: there is no bot, or the manager itself pulls. */
export function placeOf(endpoint: string | null): Place | null {
  if (endpoint === null || endpoint.startsWith(PULL_ORIGIN)) return null;
  if (endpoint.startsWith(STREAM_ORIGIN)) {
    // One place for all clients of the bot.
    const host = `stream of ${botIdOf(endpoint)}`;
    return { host, port: null, address: host, isStream: true };
  }
  const [, scheme = '', host = '', given] = ORIGIN.exec(endpoint) ?? [];
  const port = given === undefined ? (PORTS.get(scheme) ?? null) : Number(given);
  return { host, port, address: port === null ? host : `${host}:${port}`, isStream: false };
}

/** The address of one place, or the host of several places on one host. */
export function whereOf(places: readonly Place[]): Pick<Cause, 'address' | 'port'> {
  const [first, ...others] = places;
  if (first === undefined || first.isStream) return { address: null, port: null };
  const { host, port, address } = first;
  return others.length === 0 ? { address, port } : { address: host, port: null };
}

/** The bot that all endpoints belong to; `null` for several bots, and for puppets. */
export function botOf(endpoints: readonly HintGroup['endpoint'][]): string | null {
  const [first = null, ...others] = new Set(
    endpoints.map((endpoint) => (endpoint === null ? null : botIdOf(endpoint))),
  );
  return others.length === 0 ? first : null;
}

function newSum({ state, openKfId, sinceMs }: HintGroup): Sum {
  return {
    state,
    openKfId,
    sinceMs,
    accounts: 0,
    answered: null,
    places: new Map(),
    stages: new Map(),
    corpIds: new Set(),
    endpoints: new Set(),
  };
}

function count(stages: Stages, { stage, accounts }: HintGroup): void {
  stages.set(stage, (stages.get(stage) ?? 0) + accounts);
}

function add(sum: Sum, group: HintGroup, place: Place | null): void {
  const { accounts, corpId, endpoint, sinceMs, answered } = group;
  sum.accounts += accounts;
  sum.corpIds.add(corpId);
  sum.endpoints.add(endpoint);
  count(sum.stages, group);
  sum.answered = laterAnswer(sum.answered, answered);
  sum.sinceMs = Math.min(sum.sinceMs, sinceMs);
  if (place !== null) sum.places.set(place.address, place);
}

function toCause(sum: Sum, severityOf: (sinceMs: number) => Cause['severity']): Cause {
  const { state, places, stages, corpIds, endpoints, accounts, openKfId, sinceMs } = sum;
  const why = mostOf(stages);
  const [corpId = null, ...otherCorps] = corpIds;
  return newCause(state, accounts, {
    ...(state === 'waiting' && { severity: severityOf(sinceMs) }),
    sinceMs,
    why,
    status: why === 'status' ? (sum.answered?.status ?? null) : null,
    ...whereOf([...places.values()]),
    botId: botOf([...endpoints]),
    corpId: otherCorps.length === 0 ? corpId : null,
    openKfId: accounts === 1 ? openKfId : null,
  });
}

/** The stage of most accounts. A stage that tells less counts only if there is no other. */
function mostOf(stages: Stages): string | null {
  const sorted = [...stages].sort(([a, ofA], [b, ofB]) => {
    const byKind = Number(tellsLess(a)) - Number(tellsLess(b));
    return byKind !== 0 ? byKind : ofB - ofA;
  });
  return sorted[0]?.[0] ?? null;
}

function tellsLess(stage: HintGroup['stage']): boolean {
  return FOLLOWING.has(stage) || stage === WAITING_ITS_TURN;
}
