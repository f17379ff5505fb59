/** What the specs of redelivery share: replicas on a clock that is moved by hand, and what they keep and send. */
import { putOne } from './event-steps.js';
import { afterEach, beforeEach, expect } from '@jest/globals';
import type { Environment } from '../../src/config/config.js';
import type { DispatchResult } from '../../src/dispatch/inline/try.js';
import type { Hint, NewHint } from '../../src/queue/event.js';
import type { KfEvent } from '../../src/queue/kf-event.js';
import { MemoryEventQueue } from './memory-event-queue.js';
import { MemoryQueueStore } from './memory-queue.js';
import type { KeptHint } from '../../src/queue/event-queue.js';
import type { Registration } from '../../src/storage/puppets/puppet.js';
import { client, clock, closeAll, kfEvent, openClient, puppetServer, watch } from './delivery.js';
import { type Dispatch, type DispatchParts, openDispatch } from './dispatch.js';
import { MemoryPuppetRepository, type PuppetTable } from './memory-puppet.repository.js';
import type { Behaviour, PuppetServer } from './puppet-server.js';
import { registration } from './puppets.js';

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const DAY_MS = 24 * 60 * MINUTE_MS;
export const BUDGET_MS = 1_000;
export const ANSWER_LIMIT_MS = 2_800;
export const LEASE_MS = 15_000;
export const { openKfId: ACCOUNT, corpId: CORP } = registration();
export const RAW = {
  msgSignature: 'a'.repeat(40),
  timestamp: '1767225600',
  nonce: 'n+/=',
  body: Buffer.from([60, 0, 0xff, 0x80]),
};

/** Those of the running test. */
export let table: PuppetTable;
export let dispatch: Dispatch;
let replicas: Dispatch[];

/** To be called once in each spec file. */
export function replicasOfEachTest(): void {
  beforeEach(() => {
    openClient();
    table = new Map();
    replicas = [];
  });

  afterEach(async () => {
    const closing = Promise.all(replicas.map((replica) => replica.close()));
    const state = watch(closing);
    // What silent puppets have is given up.
    while (!state.isSettled) await clock.advance(SECOND_MS);
    await closing;
    await closeAll();
  });
}

/** Starts the manager under test, which is then `dispatch`. */
export async function start(parts: Partial<DispatchParts> = {}, env: Environment = {}): Promise<void> {
  dispatch = await open(parts, env);
}

/** Starts one more replica on these parts. */
export async function open(parts: Partial<DispatchParts> = {}, env: Environment = {}): Promise<Dispatch> {
  const all = { client, repository: new MemoryPuppetRepository(table), ...parts };
  const replica = openDispatch(clock, all, env);
  replicas.push(replica);
  replica.start();
  await replica.registry.sync.whenLoaded();
  return replica;
}

export const account = (n: number): string => `wkAccount-${n}`;

export async function registerAt(
  endpoint: string,
  fields: Partial<Registration> = {},
  { registry } = dispatch,
): Promise<void> {
  (await registry.registrations.register(registration({ endpoint, ...fields }))).answered();
}

export function send(
  fields: Partial<KfEvent> = {},
  { dispatcher, registry } = dispatch,
): Promise<DispatchResult> {
  const event = kfEvent(fields);
  return dispatcher.dispatch(event, registry.destinations.find(event), clock.elapsedMs());
}

export async function keep(fields: Partial<KfEvent> = {}): Promise<void> {
  expect(await send(fields)).toMatchObject({ delivery: 'pending' });
}

export const hintOf = (openKfId = ACCOUNT): Promise<Hint | null> =>
  dispatch.events.find({ corpId: CORP, openKfId });

export async function waitingCount(): Promise<number> {
  return (await dispatch.events.counts()).waiting;
}

export const refusing: Behaviour = (_request, response) => void response.writeHead(500).end();
export const taking: Behaviour = (_request, response) => void response.end('success');

export const idsOf = ({ received }: PuppetServer): unknown[] =>
  received.map(({ headers }) => headers['webhook-id']);
export const attemptsOf = ({ received }: PuppetServer): number[] =>
  received.map(({ headers }) => Number(headers['x-wxkf-attempt']));

/** A puppet that refuses everything, and when it got it. */
export async function refusingPuppet(): Promise<{ server: PuppetServer; times: number[] }> {
  const times: number[] = [];
  const server = await puppetServer((request, response) => {
    times.push(clock.elapsedMs());
    refusing(request, response);
  });
  return { server, times };
}

export const gapsOf = (times: readonly number[]): number[] =>
  times.slice(1).map((atMs, n) => atMs - (times[n] ?? 0));

/** Kept by a process that is gone. */
export async function leave(fields: Partial<NewHint> = {}, { events } = dispatch): Promise<KeptHint> {
  const nowMs = clock.nowMs();
  const hint = {
    event: kfEvent(),
    isFirst: () => false,
    keysId: null,
    arrivedAtMs: nowMs,
    attempts: 1,
    step: 1,
    dueAtMs: nowMs,
    endpoint: null,
    failure: null,
    lease: null,
  };
  return putOne(events, { ...hint, ...fields }, nowMs);
}

/** Other processes keep and claim here too. */
export class SharedEventQueue extends MemoryEventQueue {
  constructor() {
    super(Object.assign(new MemoryQueueStore(), { isShared: true }));
  }
}

/** A queue whose puts do as they are told. */
export class StubbornEventQueue extends MemoryEventQueue {
  beforePut: () => Promise<void> = async () => {};
  puts = 0;

  override async put(...what: Parameters<MemoryEventQueue['put']>): Promise<KeptHint> {
    this.puts++;
    await this.beforePut();
    return super.put(...what);
  }
}
