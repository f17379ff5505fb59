import { beforeEach, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { Secret } from '../../kernel/secret.js';
import { OtherReplicas } from './other-replicas.js';
import { type ReplicaClient, ReplicaError } from './replica-client.js';
import type { ReplicaSync } from './replica-sync.js';

let clock: ManualClock;
let asked: string[];
let isDown: boolean;
let doubted: number;
let others: OtherReplicas;

beforeEach(() => {
  clock = new ManualClock();
  [asked, isDown, doubted] = [[], false, 0];
  const replicas = ['one', 'two'].map((id) => ({ id, url: `http://${id}`, key: new Secret('key') }));
  const calls: Pick<ReplicaClient, 'call'> = {
    async call({ id }) {
      asked.push(id);
      if (isDown && id === 'two') throw new ReplicaError('timeout', 'no answer within 0.5 s');
      return { of: id };
    },
  };
  const sync = {
    others: replicas,
    get doubted() {
      return doubted;
    },
  };
  others = new OtherReplicas(sync as unknown as ReplicaSync, calls as ReplicaClient, clock);
});

const ask = () => others.ask('/path', {}, (answer) => (answer as { of: string }).of);

it('asks all of them, and counts those that could not be reached a moment ago as missing', async () => {
  expect(await ask()).toEqual({ answers: ['one', 'two'], missing: 0 });
  doubted = 1;
  expect(await ask()).toEqual({ answers: ['one', 'two'], missing: 1 });
});

it('counts one whose answer is not known here as missing', async () => {
  expect(await others.ask('/path', {}, () => null)).toEqual({ answers: [], missing: 2 });
});

it('counts one whose answer cannot be read at all as missing', async () => {
  const read = ({ of }: { of: string }) => {
    if (of === 'two') throw new TypeError('it is null');
    return of;
  };
  expect(await others.ask('/path', {}, (answer) => read(answer as { of: string }))).toEqual({
    answers: ['one'],
    missing: 1,
  });
});

it('waits only once in 5 s for one that does not answer', async () => {
  isDown = true;
  for (let n = 0; n < 3; n++) expect(await ask()).toEqual({ answers: ['one'], missing: 1 });
  expect(asked.filter((id) => id === 'two')).toHaveLength(1);
  isDown = false;
  await clock.advance(5_000);
  expect(await ask()).toEqual({ answers: ['one', 'two'], missing: 0 });
});
