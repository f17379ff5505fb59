import { beforeEach, expect, it } from '@jest/globals';
import type { InlineWakes } from '../dispatch/inline/wakes.js';
import type { Circuits } from '../dispatch/endpoint/circuits.js';
import type { WaitingHints } from '../dispatch/later/waiting-hints.js';
import { type BotConnection, ConnectedBots } from '../registry/bots/connected-bots.js';
import type { KnownBots } from '../registry/bots/known-bots.js';
import type { Destinations } from '../registry/accounts/destination.js';
import { REPLICA } from '../kernel/replica.js';
import { streamEndpointOf, unconnectedEndpointOf } from '../registry/endpoint/endpoint.js';
import { StreamWakes } from './stream-wakes.js';
import type { Addressee } from '../kernel/account.js';

const CORP = 'wwCorp';

let connected: ConnectedBots;
let bot: object;
/** What was made due, in order. */
let woken: string[];
/** Ends the wakes that are under way. */
let held: (() => void)[];
let failing: Set<string>;
/** What was kept because nobody was there. */
let keptHere: Addressee[];
/** Where something waits. */
let endpoints: string[];

beforeEach(() => {
  connected = new ConnectedBots();
  bot = { corpId: CORP, openKfIds: ['wkA', 'wkB'], kind: 'stream', takes: 'event' };
  [woken, held, failing, keptHere, endpoints] = [[], [], new Set(), [], []];
  const hold = (what: string) => {
    woken.push(what);
    if (failing.has(what)) return Promise.reject(new Error('away'));
    return new Promise<void>((resolve) => held.push(resolve));
  };
  const waiting = {
    wake: ({ openKfId }: Addressee) => hold(openKfId),
    recovered: hold,
    kept: { lines: { listEndpoints: async () => endpoints } },
  } as unknown as WaitingHints;
  const kept = {
    takeAll: () => keptHere.splice(0),
    take: ({ openKfId }: Addressee) => {
      const at = keptHere.findIndex((one) => one.openKfId === openKfId);
      return at === -1 ? null : keptHere.splice(at, 1)[0];
    },
  } as unknown as InlineWakes;
  const wakes = new StreamWakes(
    { find: () => bot } as unknown as KnownBots,
    { find: (account: Addressee) => account } as unknown as Destinations,
    waiting,
    kept,
    { close: () => {} } as unknown as Circuits,
  );
  connected.watch(wakes);
});

function connection(id: string, fields: Partial<BotConnection> = {}): BotConnection {
  return {
    ...{ id, replicaId: REPLICA, botId: 'bot-1', clientId: `client of ${id}`, openKfIds: null },
    ...{ placedAtMs: 1, connectedAtMs: 1, address: '127.0.0.1', agent: '', ...fields },
  };
}

async function endWakes(): Promise<void> {
  while (held.length > 0) {
    for (const end of held.splice(0)) end();
    await new Promise(setImmediate);
  }
}

it('makes due what waits for the accounts of a client that comes, and of no other', async () => {
  connected.add(connection('c1', { openKfIds: ['wkB'] }));
  await endWakes();
  expect(woken).toEqual(['wkB']);
  connected.add(connection('standby', { openKfIds: ['wkB'], placedAtMs: 2 }));
  await endWakes();
  expect(woken).toEqual(['wkB']);
});

it('makes due what waits for all accounts of a bot, by where it waits where they are not listed', async () => {
  connected.add(connection('c1'));
  await endWakes();
  expect(woken).toEqual(['wkA', 'wkB']);
  connected.remove('c1');
  bot = { ...bot, openKfIds: ['*'] };
  const ofBot = [
    unconnectedEndpointOf('bot-1'),
    streamEndpointOf('bot-1', 'laptop', 'there'),
    streamEndpointOf('bot-1', 'laptop', REPLICA),
  ].map(({ href }) => href);
  endpoints = ['http://puppet', streamEndpointOf('bot-10', 'laptop', 'there').href, ...ofBot];
  connected.add(connection('c2', { clientId: 'laptop' }));
  await new Promise(setImmediate);
  await endWakes();
  expect(woken.slice(2)).toEqual(ofBot);
});

it('makes due eight at a time when many come at once, and each once', async () => {
  for (let n = 0; n < 50; n++) connected.add(connection(`c${n}`, { openKfIds: [`wk${n}`] }));
  connected.remove('c40');
  connected.add(connection('again', { openKfIds: ['wk40'] }));
  expect(woken).toHaveLength(8);
  await endWakes();
  expect(woken.toSorted()).toEqual(Array.from({ length: 50 }, (_, n) => `wk${n}`).toSorted());
});

it('goes on after one that failed', async () => {
  bot = { ...bot, openKfIds: Array.from({ length: 20 }, (_, n) => `wk${n}`) };
  failing.add('wk0').add('wk7');
  connected.add(connection('c1'));
  await endWakes();
  expect(woken).toHaveLength(20);
});

it('leaves to another replica what waits for its clients, but for what was kept here', async () => {
  const keep = (...ids: string[]) => keptHere.push(...ids.map((openKfId) => ({ corpId: CORP, openKfId })));
  keep('wkA', 'wkC');
  for (const openKfId of ['wkA', 'wkB'])
    connected.add(connection(openKfId, { replicaId: 'there', openKfIds: [openKfId] }));
  expect(woken).toEqual(['wkA']);
  await endWakes();
  for (const id of ['c1', 'c2']) connected.add(connection(id, { replicaId: 'there', placedAtMs: 0 }));
  await new Promise(setImmediate);
  await endWakes();
  expect(woken).toEqual(['wkA', 'wkC']);
  for (const id of ['wkA', 'wkB', 'c1']) connected.remove(id);
  await new Promise(setImmediate);
  keep('wkA', 'wkC');
  connected.remove('c2');
  await new Promise(setImmediate);
  expect(woken).toHaveLength(2);
});
