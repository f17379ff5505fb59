import { expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { Lifecycle } from '../kernel/lifecycle.js';
import { ConnectedBots } from '../registry/bots/connected-bots.js';
import type { KnownBot, KnownBots } from '../registry/bots/known-bots.js';
import { StreamAdmission } from './stream-admission.js';

const NAMED_MAX = 10_000;
const IN_ONE_HELLO = 1_000;

function opened(openKfIds: readonly string[]) {
  const connected = new ConnectedBots();
  const clock = new ManualClock();
  const admission = new StreamAdmission({} as KnownBots, connected, new Lifecycle(), clock);
  const bot = { id: 'bot-1', corpId: 'wwCorp', openKfIds, kind: 'stream' } as unknown as KnownBot;
  const caller = { bot, keyHash: '', address: '127.0.0.1', agent: '' };
  const admit = (clientId: string, named: readonly string[] | null) =>
    admission.admit(caller, { clientId, openKfIds: named, wantsCallbacks: false });
  const connect = (clientId: string, named: readonly string[] | null) => {
    const admitted = admit(clientId, named);
    if (typeof admitted === 'string') throw new Error(admitted);
    connected.add(admitted.connection);
    return admitted.connection;
  };
  return { connected, clock, admit, connect };
}

it('clients of a bot of all others name as many accounts as a corp can have, and no more', () => {
  const { admit, connect } = opened(['*']);
  const namesOf = (number: number) => Array.from({ length: IN_ONE_HELLO }, (_, n) => `wk-${number}-${n}`);

  for (let number = 0; number < NAMED_MAX / IN_ONE_HELLO; number++)
    connect(`client-${number}`, namesOf(number));
  expect(admit('one-more', ['wkOther'])).toBe(
    'the clients of the bot must not name more than 10000 accounts together',
  );
  expect(admit('client-0', namesOf(0))).toMatchObject({ connection: { clientId: 'client-0' } });
  expect(admit('a-standby', namesOf(3))).toMatchObject({ connection: { clientId: 'a-standby' } });
});

it.each<[string, readonly string[] | null, readonly string[] | null]>([
  ['all accounts', null, null],
  ['the same account', ['wkA'], ['wkA']],
  ['one of all accounts', null, ['wkA']],
  ['all accounts besides', ['wkA'], null],
])(
  'whoever comes second stands by, with %s, though the clock of the first one’s replica is ahead',
  (_what, one, other) => {
    const { connected, clock, connect } = opened(['wkA']);
    const first = connect('first', one);
    connected.remove(first.id);
    const aheadMs = clock.nowMs() + 250;
    connected.add({ ...first, replicaId: 'there', placedAtMs: aheadMs, connectedAtMs: aheadMs });
    connect('second', other);
    expect(connected.activeOf('bot-1', 'wkA')?.clientId).toBe('first');
  },
);
