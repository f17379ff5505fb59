import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { newSecretsKey } from '../../../test/support/place.js';
import { registeredPuppet, revealed } from '../../../test/support/puppets.js';
import { isSealed, Sealer } from '../../crypto/sealer.js';
import { Secret } from '../../kernel/secret.js';
import { StorageStartError } from '../../kernel/storage-start-error.js';
import type { Puppet } from './puppet.js';
import { PuppetSecrets } from './puppet-secrets.js';

const [OLD, NEW] = [newSecretsKey(), newSecretsKey()];
const EMPTY = { corpSecret: '', callbackToken: '', encodingAESKey: '' };

let lines: Record<string, unknown>[];

beforeEach(() => {
  lines = [];
});

/** As after a start with these keys. */
function open(...keys: string[]): PuppetSecrets {
  const log = pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line)) });
  return new PuppetSecrets(new Sealer(keys.map((key) => new Secret(key))), log);
}

/** As a store has it. */
const sealed = (secrets: PuppetSecrets, openKfId: string): Puppet =>
  secrets.seal(registeredPuppet({ openKfId }));

async function loaded(secrets: PuppetSecrets, ...stored: Puppet[]) {
  async function* batches() {
    yield stored;
  }
  const all: Puppet[] = [];
  for await (const puppets of secrets.load(batches())) all.push(...puppets);
  return all.map(revealed);
}

const OPENED = revealed(registeredPuppet({ openKfId: 'wk1' }));

it('are stored sealed, and everything else as it is', () => {
  const { corpSecret, callbackToken, encodingAESKey, ...others } = revealed(sealed(open(NEW), 'wk1')) ?? {};
  for (const text of [corpSecret, callbackToken, encodingAESKey]) expect(isSealed(text ?? '')).toBe(true);
  expect(OPENED).toMatchObject(others);
});

it('are stored plain without a key, and taken as they are by a later run with one', async () => {
  const plain = sealed(open(), 'wk1');
  expect(revealed(plain)).toEqual(OPENED);
  expect(await loaded(open(NEW), plain)).toEqual([OPENED]);
});

it('are sealed with the first key and opened with all', async () => {
  const rotating = open(NEW, OLD);
  const [first, second] = [sealed(open(OLD), 'wk1'), sealed(rotating, 'wk1')];
  expect(await loaded(rotating, first, second)).toEqual([OPENED, OPENED]);
  expect(revealed(open(NEW).open(second))).toEqual(OPENED);
  expect(revealed(open(NEW).open(first))).toMatchObject(EMPTY);
});

it('are judged opened', () => {
  const secrets = open(NEW);
  const seen: unknown[] = [];
  const judge = secrets.judging((stored) => {
    seen.push(revealed(stored));
    return true;
  });
  expect([judge(sealed(secrets, 'wk1')), judge(null)]).toEqual([true, true]);
  expect(seen).toEqual([OPENED, null]);
});

describe('a key that is missing', () => {
  const stored = () => [sealed(open(OLD), 'wk1'), sealed(open(OLD), 'wk2'), sealed(open(), 'wk3')];

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
    const secrets = open(...keys);
    await expect(loaded(secrets, ...stored())).rejects.toThrow(line);
    await expect(loaded(secrets, ...stored())).rejects.toThrow(StorageStartError);
    expect(lines).toEqual([]);
  });

  it('gives, when it goes missing later, a puppet without secrets, and one line for each', async () => {
    const secrets = open(NEW);
    const [other, own] = [sealed(open(OLD), 'wk1'), sealed(secrets, 'wk4')];
    expect(await loaded(secrets, own)).toHaveLength(1);
    for (let round = 0; round < 3; round++) {
      const [, puppet] = await loaded(secrets, own, other);
      for (const one of [puppet, revealed(secrets.open(other))])
        expect(one).toMatchObject({ openKfId: 'wk1', ...EMPTY });
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
    ['given another account’s', () => ({ corpSecret: sealed(open(NEW), 'wk2').corpSecret })],
  ];

  it.each(KINDS)('and %s stops no other one, and is told once without its value', async (_what, changed) => {
    const secrets = open(NEW);
    const before = sealed(secrets, 'wk1');
    for (let round = 0; round < 3; round++) {
      const all = await loaded(secrets, { ...before, ...changed(before) }, sealed(secrets, 'wk2'));
      expect(all).toMatchObject([
        { openKfId: 'wk1', ...EMPTY },
        { openKfId: 'wk2', corpSecret: 'corp-secret' },
      ]);
    }
    expect(lines).toMatchObject([{ level: 50, msg: 'secrets.cannot_open', openKfId: 'wk1' }]);
    expect(lines[0]?.keyId).toMatch(/^[0-9a-f]{8}$/);
    expect(JSON.stringify(lines)).not.toMatch(/sealed v1|corp-secret/);
  });

  it('is told again when it opened meanwhile, as after its puppet has registered', () => {
    const secrets = open(NEW);
    const good = sealed(secrets, 'wk1');
    for (const corpId of ['wwOther', good.corpId, 'wwOther']) secrets.open({ ...good, corpId });
    expect(lines).toHaveLength(2);
  });
});
