/**
 * What the specs of deliveries share: a puppet client on a clock that stands still, and puppets that are gone
 * after the test. A spec calls `openClient` before each test and `closeAll` after it.
 */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { expect } from '@jest/globals';
import { pino } from 'pino';
import { loadConfig } from '../../src/config/config.js';
import type { Attempt, AttemptResult } from '../../src/dispatch/endpoint/attempt.js';
import type { KfEvent } from '../../src/queue/kf-event.js';
import { HttpCarrier } from '../../src/dispatch/http/http-carrier.js';
import { type Parcel, toParcel } from '../../src/dispatch/endpoint/parcel.js';
import type { Destination } from '../../src/registry/accounts/destination.js';
import { NoTracing } from '../../src/kernel/tracing.js';
import { type Endpoint, readEndpoint } from '../../src/registry/endpoint/endpoint.js';
import { EndpointPolicy } from '../../src/registry/endpoint/endpoint-policy.js';
import { ManualClock } from './manual-clock.js';
import { type Behaviour, type PuppetServer, startPuppetServer } from './puppet-server.js';
import { type BlackHole, type RawServer, startBlackHole, startRawServer } from './raw-server.js';

export const LIMIT_MS = 5_000;
export const SOCKETS = 32;
/** The timer that closes unused pools. */
export const SWEEPERS = 1;
export const TAKEN = 'HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nsuccess';

/** Knows what it has under way. */
export class CountingClient extends HttpCarrier {
  readonly #underWay = new Map<Attempt, string>();

  override start(...sent: Parameters<HttpCarrier['start']>): Attempt {
    const attempt = super.start(...sent);
    const [, { endpoint }] = sent;
    this.#underWay.set(attempt, endpoint?.href ?? '');
    void attempt.result.then(() => this.#underWay.delete(attempt));
    return attempt;
  }

  /** The endpoints of attempts that have no outcome yet. */
  get underWay(): string[] {
    return [...this.#underWay.values()];
  }
}

/** Those of the running test. */
export let clock: ManualClock;
export let client: CountingClient;
/** URLs of puppets that do not answer now. */
const silent = new Set<string>();
const opened: { close(): Promise<void> }[] = [];

export function openClient(): void {
  clock = new ManualClock();
  silent.clear();
  client = new CountingClient(
    clock,
    pino({ level: 'silent' }),
    new EndpointPolicy(loadConfig({})),
    new NoTracing(),
  );
}

export async function closeAll(): Promise<void> {
  await client.close();
  await Promise.all(opened.splice(0).map((server) => server.close()));
  expect(clock.pendingTimers).toBe(0);
}

export async function puppetServer(behaviour?: Behaviour): Promise<PuppetServer> {
  const server = await startPuppetServer(behaviour);
  opened.push(server);
  return server;
}

export async function rawServer(onRequest: (socket: Socket, number: number) => void): Promise<RawServer> {
  const server = await startRawServer(onRequest);
  opened.push(server);
  return server;
}

export async function blackHole(): Promise<BlackHole> {
  const hole = await startBlackHole();
  opened.push(hole);
  return hole;
}

export interface HoldingPuppet {
  readonly server: PuppetServer;
  readonly held: readonly ServerResponse[];
  /** Takes everything so far and from now on. */
  release(): void;
}

/** A puppet that answers when it is told to. */
export async function holdingPuppet(): Promise<HoldingPuppet> {
  const held: ServerResponse[] = [];
  const server = await puppetServer((_request, response) => {
    held.push(response);
  });
  silent.add(server.url);
  return {
    server,
    held,
    release: () => {
      silent.delete(server.url);
      server.behave((_request, response) => void response.end('success'));
      for (const response of held) response.end('success');
    },
  };
}

export async function untilReceived(server: PuppetServer, count: number): Promise<void> {
  while (server.received.length < count) await server.next();
}

/** Moves the clock on by `ms`; whatever puppets have to say at an instant, they have said when it moves. */
export async function pass(ms: number): Promise<void> {
  await clock.advance(ms, async () => {
    do await new Promise(setImmediate);
    while (client.underWay.some((endpoint) => !silent.has(endpoint)));
  });
}

let seconds = 0;

/** For the puppet of `registration()`. Each is a second newer than the one before. */
export function kfEvent(fields: Partial<KfEvent> = {}): KfEvent {
  return {
    id: 'event-1',
    corpId: 'wwCorp_1',
    openKfId: 'wkAccount-1',
    syncToken: 'SYNC',
    createdAtS: ++seconds,
    lagMs: 0,
    raw: null,
    traceparent: null,
    ...fields,
  };
}

/** One attempt to deliver `kfEvent`. @param attempt counted from 1. */
export function kfParcel(fields: Partial<KfEvent> = {}, attempt = 1): Parcel {
  return toParcel(kfEvent(fields), attempt);
}

/** A puppet that has registered this endpoint. */
export function puppetAt(endpoint: Endpoint): Destination {
  return { endpoint, bot: null, puppet: null, isPulled: false } as Partial<Destination> as Destination;
}

export function endpointAt(url: string): Endpoint {
  const endpoint = readEndpoint(url);
  if ('must' in endpoint) throw new Error(`the endpoint must ${endpoint.must}`);
  return endpoint;
}

export function start(endpoint: string, fields?: Partial<KfEvent>): Attempt {
  return client.start(kfParcel(fields), puppetAt(endpointAt(endpoint)), () => {});
}

export function deliver(endpoint: string, fields?: Partial<KfEvent>): Promise<AttemptResult> {
  return start(endpoint, fields).result;
}

export function startMany(endpoint: string, count: number): Attempt[] {
  return Array.from({ length: count }, (_, n) => start(endpoint, { id: `event-${n}` }));
}

export function resultsOf(attempts: readonly Attempt[]): Promise<AttemptResult[]> {
  return Promise.all(attempts.map(({ result }) => result));
}

/** Each exchange has a deadline until its answer was read; one turn later its connection is free. */
export async function exchangesEnded(): Promise<void> {
  while (clock.pendingTimers > SWEEPERS) await new Promise(setImmediate);
  await clock.advance(0);
}

/** Whether it has settled; a promise cannot be asked. */
export function watch(promise: Promise<unknown>): { readonly isSettled: boolean } {
  const state = { isSettled: false };
  const settle = (): void => {
    state.isSettled = true;
  };
  void promise.then(settle, settle);
  return state;
}
