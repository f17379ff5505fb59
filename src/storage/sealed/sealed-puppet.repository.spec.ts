import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { MemoryPuppetRepository, type PuppetTable } from '../../../test/support/memory-puppet.repository.js';
import { newSecretsKey } from '../../../test/support/place.js';
import { revealed, saved } from '../../../test/support/puppets.js';
import { isSealed, Sealer } from '../../crypto/sealer.js';
import { Secret } from '../../kernel/secret.js';
import { StorageStartError } from '../../kernel/storage-start-error.js';
import type { Puppet } from '../../registry/puppet.js';
import type { PuppetRepository } from '../../registry/puppet.repository.js';
import { SealedPuppetRepository } from './sealed-puppet.repository.js';

const NOW_MS = Date.UTC(2026, 0, 2);
const [OLD, NEW] = [newSecretsKey(), newSecretsKey()];
const EMPTY = { corpSecret: '', callbackToken: '', encodingAESKey: '' };

let table: PuppetTable;
let lines: Record<string, unknown>[];

beforeEach(() => {
  table = new Map();
  lines = [];
});

/** As after a start with these keys. */
function open(...keys: string[]): PuppetRepository {
  const log = pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line)) });
  const sealer = new Sealer(keys.map((key) => new Secret(key)));
  return new SealedPuppetRepository(new MemoryPuppetRepository(table), sealer, log);
}

async function loaded(repository: PuppetRepository): Promise<Puppet[]> {
  const all: Puppet[] = [];
  for await (const puppets of repository.load()) all.push(...puppets);
  return all;
}

const stored = (openKfId: string) => revealed(table.get(openKfId)?.puppet ?? null);

function change(openKfId: string, fields: Partial<Puppet>): void {
  const record = table.get(openKfId);
  if (record === undefined) throw new Error(`nothing is stored of ${openKfId}`);
  table.set(openKfId, { ...record, puppet: { ...record.puppet, ...fields } });
}

const saveAll = async (repository: PuppetRepository, ...ids: string[]): Promise<void> => {
  for (const openKfId of ids) await saved(repository, { openKfId }, NOW_MS);
};

it('stores the secrets of a registration sealed, and everything else as it is', async () => {
  await saveAll(open(NEW), 'wk1');
  const { corpSecret, callbackToken, encodingAESKey, ...others } = stored('wk1') ?? {};
  for (const text of [corpSecret, callbackToken, encodingAESKey]) expect(isSealed(text ?? '')).toBe(true);
  expect(others).toMatchObject({ openKfId: 'wk1', corpId: 'wwCorp_1', name: '客服一号' });
});

it('takes plain secrets of an earlier run as they are, and seals them when they are written next', async () => {
  await saveAll(open(), 'wk1');
  expect(stored('wk1')).toMatchObject({ corpSecret: 'corp-secret' });
  const repository = open(NEW);
  expect((await loaded(repository)).map(revealed)).toMatchObject([{ corpSecret: 'corp-secret' }]);
  await saveAll(repository, 'wk1');
  expect(isSealed(stored('wk1')?.corpSecret ?? '')).toBe(true);
});

it('seals with the first key and opens with all', async () => {
  await saveAll(open(OLD), 'wk1');
  const rotating = open(NEW, OLD);
  await saveAll(rotating, 'wk2');
  expect((await loaded(rotating)).map(revealed)).toMatchObject([
    { corpSecret: 'corp-secret' },
    { corpSecret: 'corp-secret' },
  ]);
  expect(revealed(await open(NEW).find('wk2'))).toMatchObject({ corpSecret: 'corp-secret' });
  expect(revealed(await open(NEW).find('wk1'))).toMatchObject(EMPTY);
});

describe('a key that is missing', () => {
  beforeEach(async () => {
    await saveAll(open(OLD), 'wk1', 'wk2');
    await saveAll(open(), 'wk3');
  });

  it.each([
    [
      'is not among those that there are',
      [NEW],
      /sealed with key [0-9a-f]{8} \(2 registration\(s\)\), which SECRETS_KEY does not have;/,
    ],
    [
      'is not there at all',
      [],
      /sealed with key [0-9a-f]{8} \(2 registration\(s\)\), and SECRETS_KEY is not set;/,
    ],
  ])('and %s lets nobody start, with one line', async (_what, keys, line) => {
    const repository = open(...keys);
    await expect(loaded(repository)).rejects.toThrow(line);
    await expect(loaded(repository)).rejects.toThrow(StorageStartError);
    expect(lines).toEqual([]);
  });

  it('gives, when it goes missing later, a puppet without secrets, and one line for each', async () => {
    table.clear();
    const repository = open(NEW);
    await saveAll(repository, 'wk4');
    expect(await loaded(repository)).toHaveLength(1);
    const { cursor } = await repository.changes(null);
    await saveAll(open(OLD), 'wk1');
    for (let round = 0; round < 3; round++) {
      const [, puppet] = await loaded(repository);
      const { puppets } = await repository.changes(cursor);
      for (const one of [puppet, puppets[0], await repository.find('wk1')]) {
        expect(revealed(one ?? null)).toMatchObject({ openKfId: 'wk1', ...EMPTY });
      }
    }
    expect(lines).toMatchObject([{ level: 50, msg: 'secrets.cannot_open', openKfId: 'wk1' }]);
    expect(lines[0]?.reason).toMatch(/^SECRETS_KEY does not have this key/);
  });
});

describe('a record that was tampered with', () => {
  const KINDS: [string, (from: Puppet) => Partial<Puppet>][] = [
    ['changed', ({ corpSecret }) => ({ corpSecret: new Secret(`${corpSecret.reveal().slice(0, -4)}AAAA`) })],
    ['given to another corp', () => ({ corpId: 'wwOther' })],
    ['given another field', ({ corpSecret }) => ({ callbackToken: corpSecret })],
  ];

  it.each(KINDS)('and %s stops no other one, and is told once without its value', async (_what, changed) => {
    await saveAll(open(NEW), 'wk1', 'wk2');
    const before = table.get('wk1')?.puppet;
    if (before === undefined) throw new Error('nothing is stored');
    change('wk1', changed(before));
    const repository = open(NEW);
    for (let round = 0; round < 3; round++) {
      expect((await loaded(repository)).map(revealed)).toMatchObject([
        { openKfId: 'wk1', ...EMPTY },
        { openKfId: 'wk2', corpSecret: 'corp-secret' },
      ]);
    }
    expect(lines).toMatchObject([{ level: 50, msg: 'secrets.cannot_open', openKfId: 'wk1' }]);
    expect(lines[0]?.keyId).toMatch(/^[0-9a-f]{8}$/);
    expect(JSON.stringify(lines)).not.toMatch(/sealed v1|corp-secret/);
  });

  it('and is another account’s does not open', async () => {
    await saveAll(open(NEW), 'wk1', 'wk2');
    change('wk1', { corpSecret: table.get('wk2')?.puppet.corpSecret ?? new Secret('') });
    expect(revealed(await open(NEW).find('wk1'))).toMatchObject(EMPTY);
  });

  it('is good again once its puppet has registered', async () => {
    const repository = open(NEW);
    await saveAll(repository, 'wk1');
    change('wk1', { corpId: 'wwOther' });
    expect(revealed(await repository.find('wk1'))).toMatchObject(EMPTY);
    await saveAll(repository, 'wk1');
    expect(revealed(await repository.find('wk1'))).toMatchObject({ corpSecret: 'corp-secret' });
    change('wk1', { corpId: 'wwOther' });
    await repository.find('wk1');
    expect(lines).toHaveLength(2);
  });

  it('keeps its sealed secrets through a goodbye', async () => {
    await saveAll(open(OLD), 'wk1');
    const sealed = stored('wk1')?.corpSecret;
    await open(NEW).markOffline({ openKfId: 'wk1', corpId: 'wwCorp_1' }, NOW_MS);
    expect(stored('wk1')).toMatchObject({ online: false, corpSecret: sealed });
  });
});
