import { EventEmitter } from 'node:events';
import { beforeEach, expect, it } from '@jest/globals';
import type { FastifyRequest } from 'fastify';
import { ManualClock } from '../../test/support/manual-clock.js';
import { Lifecycle } from '../kernel/lifecycle.js';
import { ConnectedBots } from '../registry/bots/connected-bots.js';
import type { KnownBot, KnownBots } from '../registry/bots/known-bots.js';
import { Clients } from './clients/clients.js';
import { Polls } from './polls.js';
import type { OwnReplica } from './replicas/own-replica.js';
import type { ReplicaCalls } from './replicas/replica-calls.js';
import { StreamAdmission } from './stream-admission.js';
import type { StreamMetrics } from './stream-metrics.js';

const CLIENTS_MAX = 100;
const FORGOTTEN_MS = 60_000;

let clock: ManualClock;
let connected: ConnectedBots;
let polls: Polls;

beforeEach(() => {
  clock = new ManualClock();
  connected = new ConnectedBots();
  const find = (id: string) =>
    ({ id, corpId: 'wwCorp', openKfIds: ['wk1'], kind: 'stream' }) as unknown as KnownBot;
  const bots = { find, findByKey: () => find('bot-1') } as unknown as KnownBots;
  const metrics = { watch: () => {}, ended: () => {} } as unknown as StreamMetrics;
  const clients = new Clients(connected, bots, metrics, clock);
  const own = { id: 'here' } as OwnReplica;
  const admission = new StreamAdmission(bots, connected, own, new Lifecycle(), clock);
  polls = new Polls(admission, connected, clients, {} as ReplicaCalls, clock);
});

async function ask(clientId: string, botId = 'bot-1'): Promise<void> {
  const raw = { socket: new EventEmitter() };
  const request = { bot: { id: botId }, role: null, headers: {}, ip: '127.0.0.1', raw };
  const asked = polls.ask({ clientId, waitS: 0 }, request as unknown as FastifyRequest);
  asked.catch(() => {});
  await clock.advance(0);
  await asked;
}

const TOO_MANY = { code: 'STREAM_CLIENTS_TOO_MANY', retryAfterS: FORGOTTEN_MS / 1_000 };

it('a bot that is another client with each request is refused, and only what is new of it', async () => {
  for (let number = 1; number <= CLIENTS_MAX; number++) await ask(`client-${number}`);
  await expect(ask('one-more')).rejects.toMatchObject(TOO_MANY);
  expect(connected.countOf('bot-1')).toBe(CLIENTS_MAX);
  await ask('client-1');
  await ask('one-more', 'bot-2');
});

it('clients that connect by WebSocket take nobody the place, and those that ask no more are forgotten', async () => {
  for (let number = 1; number <= CLIENTS_MAX; number++)
    connected.add({
      ...{ id: `socket-${number}`, replicaId: 'there', botId: 'bot-1', clientId: `socket-${number}` },
      ...{ openKfIds: null, way: 'websocket', placedAtMs: 1, connectedAtMs: 1, address: '', agent: '' },
    });
  for (let number = 1; number <= CLIENTS_MAX; number++) await ask(`client-${number}`);
  await expect(ask('one-more')).rejects.toMatchObject(TOO_MANY);
  await clock.advance(FORGOTTEN_MS);
  await ask('one-more');
  expect(connected.pollersOf('bot-1')).toBe(1);
});
