import { expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import { Lifecycle } from '../kernel/lifecycle.js';
import { ConnectedBots } from '../registry/bots/connected-bots.js';
import type { KnownBot, KnownBots } from '../registry/bots/known-bots.js';
import type { OwnReplica } from './replicas/own-replica.js';
import { StreamAdmission } from './stream-admission.js';

const NAMED_MAX = 10_000;
const IN_ONE_HELLO = 1_000;

it('clients of a bot of all others name as many accounts as a corp can have, and no more', () => {
  const connected = new ConnectedBots();
  const own = { id: 'here' } as OwnReplica;
  const admission = new StreamAdmission({} as KnownBots, connected, own, new Lifecycle(), new ManualClock());
  const bot = { id: 'bot-1', corpId: 'wwCorp', openKfIds: ['*'], kind: 'stream' } as unknown as KnownBot;
  const caller = { bot, keyHash: '', address: '127.0.0.1', agent: '' };
  const admit = (clientId: string, openKfIds: readonly string[]) =>
    admission.admit(caller, { clientId, openKfIds, wantsCallbacks: false }, 'websocket');
  const namesOf = (number: number) => Array.from({ length: IN_ONE_HELLO }, (_, n) => `wk-${number}-${n}`);

  for (let number = 0; number < NAMED_MAX / IN_ONE_HELLO; number++) {
    const admitted = admit(`client-${number}`, namesOf(number));
    if (typeof admitted === 'string') throw new Error(admitted);
    connected.add(admitted.connection);
  }
  expect(admit('one-more', ['wkOther'])).toBe(
    'the clients of the bot must not name more than 10000 accounts together',
  );
  expect(admit('client-0', namesOf(0))).toMatchObject({ connection: { clientId: 'client-0' } });
  expect(admit('a-standby', namesOf(3))).toMatchObject({ connection: { clientId: 'a-standby' } });
});
