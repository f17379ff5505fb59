import { beforeEach, expect, it } from '@jest/globals';
import { REPLICA } from '../../kernel/replica.js';
import { ALL, type BotConnection, ConnectedBots, type MovedAccount } from './connected-bots.js';

let bots: ConnectedBots;
let told: string[];

beforeEach(() => {
  bots = new ConnectedBots();
  told = [];
  const tell = ({ openKfId, from, to }: MovedAccount) =>
    told.push(`${openKfId} ${from?.id ?? '-'} > ${to?.id ?? '-'}`);
  bots.watch({ moved: tell, replaced: ({ id }) => told.push(`${id} replaced`) });
});

function connection(id: string, fields: Partial<BotConnection> = {}): BotConnection {
  const atMs = Number(id.replace(/\D/g, ''));
  return {
    ...{ id, replicaId: 'here', botId: 'bot-1', clientId: `client of ${id}`, openKfIds: null },
    ...{ placedAtMs: atMs, connectedAtMs: atMs, address: '127.0.0.1', agent: '' },
    ...fields,
  };
}

const active = (account = 'wkA') => bots.activeOf('bot-1', account)?.id ?? null;

it('the first is active, the next when that is gone, whatever the order in which they became known', () => {
  bots.add(connection('c2'));
  bots.add(connection('c1'));
  bots.add(connection('c3'));
  expect(active()).toBe('c1');
  bots.remove('c1');
  expect(active()).toBe('c2');
  bots.remove('c3');
  bots.remove('c2');
  expect([active(), bots.size]).toEqual([null, 0]);
  expect(told).toEqual([`${ALL} - > c2`, `${ALL} c2 > c1`, `${ALL} c1 > c2`, `${ALL} c2 > -`]);
});

it('one that names an account shares the bot with one that takes all', () => {
  bots.add(connection('c1', { openKfIds: ['wkA'] }));
  bots.add(connection('c2'));
  expect([active('wkA'), active('wkB')]).toEqual(['c1', 'c2']);
  bots.remove('c1');
  expect(active('wkA')).toBe('c2');
  expect(told).toEqual(['wkA - > c1', `${ALL} - > c2`, 'wkA c1 > c2']);
});

it('a client that connects once more takes its own place, also before its standby', () => {
  bots.add(connection('c1', { clientId: 'one' }));
  bots.add(connection('c2'));
  bots.add(connection('c3', { clientId: 'one', placedAtMs: 1 }));
  expect(active()).toBe('c3');
  expect(told).toEqual([`${ALL} - > c1`, `${ALL} c1 > c3`, 'c1 replaced']);
  // As another replica still says.
  expect(bots.add(connection('c1', { clientId: 'one' }))).toBeNull();
  expect([active(), bots.ofClient('bot-1', 'one')?.id, bots.size]).toEqual(['c3', 'c3', 2]);
});

it('knows a connection once, and forgets one that it does not know without a word', () => {
  bots.add(connection('c1'));
  expect(bots.add(connection('c1'))).toBeNull();
  bots.remove('c9');
  expect([bots.size, told.length]).toEqual([1, 1]);
});

it('keeps bots apart, and counts the clients of each', () => {
  bots.add(connection('c1', { openKfIds: ['wkA', 'wkB'] }));
  bots.add(connection('c2', { botId: 'bot-2' }));
  expect(bots.activeOf('bot-2', 'wkA')?.id).toBe('c2');
  expect(['bot-1', 'bot-2', 'bot-3'].map((id) => bots.countOf(id))).toEqual([1, 1, 0]);
});

it('knows which replicas have connections, here and elsewhere, and where what is for one of them waits', () => {
  const seen = () => [bots.hasOwn, bots.elsewhere];
  expect(seen()).toEqual([false, []]);
  bots.add(connection('c1', { replicaId: 'there' }));
  bots.add(connection('c2', { replicaId: 'there' }));
  const own = bots.add(connection('c3', { replicaId: REPLICA, clientId: 'client of c1' }));
  expect([...seen(), own?.endpoint.href]).toEqual([
    true,
    ['@there'],
    `wxkf://stream/client%20of%20c1#bot-1@${REPLICA}`,
  ]);
  bots.remove('c2');
  expect(seen()).toEqual([true, []]);
  bots.remove('c3');
  expect(seen()).toEqual([false, []]);
});
