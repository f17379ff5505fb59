import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { hashOfToken, type Operator } from '../../src/operators/operator.js';
import { ENDED_SESSIONS_MAX, type OperatorRepository } from '../../src/operators/operator.repository.js';
import { operatorOf } from '../support/operators.js';

/** One opened store; `reopen` opens the same data once more after closing it, as a restart does. */
export interface OpenedOperators {
  readonly repository: OperatorRepository;
  reopen(): Promise<OpenedOperators>;
  /** Throws its data away. */
  close(): Promise<void>;
}

/** Far ahead, so that no store removes by itself what a test wrote. */
const NOW_MS = Date.UTC(2999, 5, 7, 8, 9, 10, 123);

export function operatorRepositoryContract(open: () => Promise<OpenedOperators>): void {
  let opened: OpenedOperators;
  let repository: OperatorRepository;

  beforeEach(async () => {
    opened = await open();
    repository = opened.repository;
  });

  afterEach(() => opened.close());

  const alice = operatorOf();
  const bob = operatorOf({ name: 'bob', role: 'reader', secret: 'wxop_of-bob' });

  async function expectStored(...expected: Operator[]): Promise<void> {
    const { operators = [] } = (await repository.changes()) ?? {};
    expect([...operators].sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual(expected);
  }

  it('has nothing to begin with, and says so once', async () => {
    expect(await repository.changes()).toEqual({ operators: [], endedSessions: [] });
    expect(await repository.changes()).toBeNull();
  });

  it('gives what was added, also after a restart, and once for each change', async () => {
    expect([await repository.add(alice), await repository.add(bob)]).toEqual([true, true]);
    await expectStored(alice, bob);
    expect(await repository.changes()).toBeNull();
    opened = await opened.reopen();
    repository = opened.repository;
    await expectStored(alice, bob);
  });

  it('adds a name once, where many do at the same time too', async () => {
    const all = Array.from({ length: 20 }, (_, n) => operatorOf({ secret: `wxop_${n}` }));
    const added = await Promise.all(all.map((one) => repository.add(one)));
    expect(added.filter(Boolean)).toHaveLength(1);
    await expectStored(all[added.indexOf(true)] as Operator);
  });

  it('takes the same operator twice, as a write is repeated whose answer was lost', async () => {
    expect([await repository.add(alice), await repository.add(alice)]).toEqual([true, true]);
    await expectStored(alice);
  });

  it('gives an operator another token, and nobody who is not there', async () => {
    await repository.add(alice);
    const token = { hash: hashOfToken('wxop_second'), createdAtMs: NOW_MS };
    expect(await repository.setToken('alice', token)).toBe(true);
    expect(await repository.setToken('bob', token)).toBe(false);
    await expectStored({ ...alice, token });
  });

  it('removes an operator, once, and takes the name again', async () => {
    await repository.add(alice);
    expect([await repository.remove('alice'), await repository.remove('alice')]).toEqual([true, false]);
    await expectStored();
    expect(await repository.add(alice)).toBe(true);
    await expectStored(alice);
  });

  it('remembers sessions that were ended until they would have ended by themselves', async () => {
    const [first, second] = [
      { id: '1.first', tokenId: 'alices', endMs: NOW_MS + 1_000 },
      { id: '2.second', tokenId: '', endMs: NOW_MS + 2_000 },
    ];
    await repository.endSession(first, NOW_MS);
    await repository.endSession(first, NOW_MS);
    await repository.endSession(second, NOW_MS);
    const ended = async () => [...((await repository.changes())?.endedSessions ?? [])];
    expect((await ended()).sort((a, b) => a.endMs - b.endMs)).toEqual([first, second]);
    opened = await opened.reopen();
    repository = opened.repository;
    expect(await ended()).toHaveLength(2);
  });

  it('forgets of too many ended sessions of one token those that end first, and none of another', async () => {
    await repository.endSession({ id: 'of-bob', tokenId: 'bobs', endMs: NOW_MS + 1 }, NOW_MS);
    for (let n = 0; n <= ENDED_SESSIONS_MAX; n++)
      await repository.endSession({ id: `alice-${n}`, tokenId: 'alices', endMs: NOW_MS + 10 + n }, NOW_MS);
    const ended = (await repository.changes())?.endedSessions ?? [];
    expect(ended).toHaveLength(ENDED_SESSIONS_MAX + 1);
    const ids = ended.map(({ id }) => id);
    expect([ids.includes('of-bob'), ids.includes('alice-0'), ids.includes('alice-1')]).toEqual([
      true,
      false,
      true,
    ]);
  });
}
