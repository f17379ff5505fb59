import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { MemoryRecords, RecordData } from '../../../test/support/memory-records.js';
import { newSecretsKey } from '../../../test/support/place.js';
import { tokenOf, tokenRecord } from '../../../test/support/tokens.js';
import { Sealer } from '../../crypto/sealer.js';
import { Secret } from '../../kernel/secret.js';
import type { TokenRecord } from './access-token.js';
import { AccessTokenStore, keptUntilMs, TOKENS } from './access-token.store.js';

const NOW_MS = Date.now();
const LEASE_MS = 10_000;
const LAPSED_MS = NOW_MS + LEASE_MS;
const UNUSUAL = '口令 "\' \\ $where . \u0000 \u{1F511} %00 \r\n';

const REFUSAL = { errcode: 40001, errmsg: UNUSUAL, count: 3, untilMs: NOW_MS + 60_000 };

const record = tokenRecord();
const { secretId } = record;
const newer = tokenRecord({ token: tokenOf('token-2') });
const tokenIdIn = ({ token }: TokenRecord): string => token?.id ?? '';

/** One database. */
let data: RecordData;
/** Two replicas on it. */
let one: AccessTokenStore;
let other: AccessTokenStore;

function start(): void {
  one = new AccessTokenStore(new MemoryRecords(data));
  other = new AccessTokenStore(new MemoryRecords(data));
}

async function give(given: TokenRecord): Promise<void> {
  expect(await one.lease(given, 'giver', NOW_MS, LEASE_MS)).toMatchObject({ isHeld: true });
  expect(await one.save(given, 'giver')).toBe(true);
}

const lease = (leaseId: string, nowMs = NOW_MS, store = other) =>
  store.lease(record, leaseId, nowMs, LEASE_MS);

beforeEach(() => {
  data = new RecordData();
  start();
});

describe('keeps records', () => {
  it('and knows nothing of a secret before', async () => {
    expect(await one.find(secretId)).toBeNull();
    expect(await one.findByTokenId(tokenIdIn(record))).toBeNull();
  });

  it.each<[string, TokenRecord]>([
    ['with a token', record],
    ['with unusual characters', tokenRecord({ token: tokenOf(UNUSUAL), refusal: REFUSAL })],
    ['with an empty token', tokenRecord({ token: tokenOf('') })],
    ['with a refusal alone', tokenRecord({ token: null, refusal: REFUSAL })],
    ['with an expired and revoked token', tokenRecord({ token: tokenOf('t', { isRevoked: true }) })],
    ['with neither', tokenRecord({ token: null })],
  ])('%s as they were', async (_what, given) => {
    await give(given);
    for (const find of [
      async () => other.find(secretId),
      async () => (await lease('reader')).record,
      async () => (given.token === null ? given : other.findByTokenId(tokenIdIn(given))),
    ]) {
      const found = await find();
      expect(found).toStrictEqual(given);
      // Two secrets are the same to `toStrictEqual`, whatever their values are.
      expect(found?.token?.value.reveal()).toBe(given.token?.value.reveal());
    }
  });

  it('over a restart: tokens, revocations and refusals', async () => {
    await give(tokenRecord({ refusal: REFUSAL }));
    await other.revoke(secretId, tokenIdIn(record));
    start();
    const revoked = { id: tokenIdIn(record), isRevoked: true };
    for (const found of [await one.find(secretId), await other.findByTokenId(tokenIdIn(record))]) {
      expect(found).toMatchObject({ secretId, token: revoked, refusal: REFUSAL });
      expect(found?.token?.value.reveal()).toBe('token-1');
    }
  });

  it('by their last token', async () => {
    await give(record);
    await give(newer);
    expect(await other.findByTokenId(tokenIdIn(newer))).toStrictEqual(newer);
    expect(await other.findByTokenId(tokenIdIn(record))).toBeNull();
    await give(tokenRecord({ token: null }));
    expect(await other.findByTokenId(tokenIdIn(newer))).toBeNull();
  });

  it('by those that it replaced, as long as they are in it', async () => {
    const former = tokenOf('token-2', { formerIds: [tokenIdIn(record), 'older'] });
    const replaced = tokenRecord({ token: former });
    await give(record);
    await give(replaced);
    for (const id of [former.id, tokenIdIn(record), 'older'])
      expect(await other.findByTokenId(id)).toStrictEqual(replaced);
    await give(newer);
    expect(await other.findByTokenId('older')).toBeNull();
  });

  it('of each secret for itself', async () => {
    const another = tokenRecord({ secretId: 'another', token: tokenOf('token-3') });
    await give(record);
    await lease('running');
    await give(another);
    await other.revoke('another', tokenIdIn(another));
    expect(await other.find(secretId)).toStrictEqual(record);
    expect(await other.findByTokenId(tokenIdIn(another))).toMatchObject({ secretId: 'another' });
  });
});

describe('leases a secret', () => {
  it('that is unknown, without a record', async () => {
    expect(await lease('a')).toEqual({ isHeld: true, record: null });
    expect(await one.find(secretId)).toBeNull();
    expect(await lease('b', NOW_MS, one)).toEqual({ isHeld: false, record: null });
  });

  it.each([['unknown'], ['known']])('that is %s to one of 30 that ask at once', async (what) => {
    if (what === 'known') await give(record);
    const leases = await Promise.all(
      Array.from({ length: 30 }, (_, n) => lease(`lease-${n}`, NOW_MS, n % 2 === 0 ? one : other)),
    );
    const held = leases.flatMap(({ isHeld }, n) => (isHeld ? [`lease-${n}`] : []));
    expect(held).toHaveLength(1);
    expect(await one.save(newer, held[0] ?? '')).toBe(true);
  });

  it('until it lapses, and then to another', async () => {
    await give(record);
    await lease('a', NOW_MS, one);
    expect(await lease('b', LAPSED_MS - 1)).toEqual({ isHeld: false, record });
    expect(await lease('b', LAPSED_MS)).toEqual({ isHeld: true, record });
    expect(await lease('a', LAPSED_MS, one)).toEqual({ isHeld: false, record });
  });

  it('anew to the one that has it', async () => {
    await lease('a', NOW_MS, one);
    expect(await lease('a', NOW_MS + 1, one)).toMatchObject({ isHeld: true });
    expect(await lease('b', LAPSED_MS)).toMatchObject({ isHeld: false });
    expect(await lease('b', LAPSED_MS + 1)).toMatchObject({ isHeld: true });
  });

  it('of one that is gone since a restart', async () => {
    await give(record);
    await lease('gone', NOW_MS, one);
    start();
    expect(await lease('b', LAPSED_MS)).toEqual({ isHeld: true, record });
    expect(await one.save(newer, 'gone')).toBe(false);
  });
});

describe('saves', () => {
  it('for the one that has the lease alone, and ends it', async () => {
    expect(await one.save(record, 'none')).toBe(false);
    await lease('a', NOW_MS, one);
    expect(await other.save(record, 'b')).toBe(false);
    expect(await other.find(secretId)).toBeNull();
    expect(await one.save(record, 'a')).toBe(true);
    expect(await one.save(newer, 'a')).toBe(false);
    expect(await lease('b')).toEqual({ isHeld: true, record });
  });

  it('nothing for one whose lease was taken over', async () => {
    await lease('late', NOW_MS, one);
    await lease('b', LAPSED_MS);
    expect(await one.save(record, 'late')).toBe(false);
    expect(await one.find(secretId)).toBeNull();
    expect(await other.save(newer, 'b')).toBe(true);
    expect(await one.save(record, 'late')).toBe(false);
    expect(await one.find(secretId)).toStrictEqual(newer);
  });

  it('for one whose lease has lapsed, while nobody took it over', async () => {
    await lease('late', NOW_MS - 2 * LEASE_MS, one);
    expect(await one.save(record, 'late')).toBe(true);
    expect(await other.find(secretId)).toStrictEqual(record);
  });
});

describe('releases', () => {
  it('a lease and leaves the record', async () => {
    await give(record);
    await lease('a', NOW_MS, one);
    await one.release(secretId, 'a');
    expect(await one.save(newer, 'a')).toBe(false);
    expect(await lease('b')).toEqual({ isHeld: true, record });
  });

  it('no lease of another one, nor one that never was', async () => {
    await one.release(secretId, 'a');
    await lease('a', NOW_MS, one);
    await other.release(secretId, 'b');
    expect(await lease('b')).toMatchObject({ isHeld: false });
    expect(await one.save(record, 'a')).toBe(true);
  });
});

describe('revokes', () => {
  const revoked = { ...record, token: tokenOf('token-1', { isRevoked: true }) };

  it('a token, which stays known; and again', async () => {
    await give(record);
    for (const store of [one, other]) {
      await store.revoke(secretId, tokenIdIn(record));
      expect(await other.find(secretId)).toStrictEqual(revoked);
      expect(await other.findByTokenId(tokenIdIn(record))).toStrictEqual(revoked);
    }
  });

  it('nothing but the secret’s own token, and nothing where there is none', async () => {
    await other.revoke(secretId, tokenIdIn(record));
    expect(await one.find(secretId)).toBeNull();
    await give(newer);
    await other.revoke(secretId, tokenIdIn(record));
    expect(await one.find(secretId)).toStrictEqual(newer);
    const refused = tokenRecord({ token: null, refusal: REFUSAL });
    await give(refused);
    await other.revoke(secretId, tokenIdIn(newer));
    expect(await one.find(secretId)).toStrictEqual(refused);
  });

  it('without a word to the one that has the lease', async () => {
    await give(record);
    await lease('a', NOW_MS, one);
    await other.revoke(secretId, tokenIdIn(record));
    expect(await lease('b')).toEqual({ isHeld: false, record: revoked });
    expect(await one.save(newer, 'a')).toBe(true);
    expect(await other.find(secretId)).toStrictEqual(newer);
  });

  it('never the new token for the old one, also when both are written at once', async () => {
    for (let round = 0; round < 30; round++) {
      await give(record);
      await lease('a', NOW_MS, one);
      const save = () => one.save(newer, 'a');
      const revoke = () => other.revoke(secretId, tokenIdIn(record));
      const order = round % 2 === 0 ? [save, revoke] : [revoke, save];
      await Promise.all(order.map((write) => write()));
      expect(await other.find(secretId)).toStrictEqual(newer);
    }
    start();
    expect(await one.find(secretId)).toStrictEqual(newer);
  });
});

describe('is kept', () => {
  const keptUntil = () => data.of(TOKENS).records.get(secretId)?.expiresAtMs;

  it('as long as its record is of use', async () => {
    await give(record);
    expect(keptUntil()).toBe(keptUntilMs(record));
    const refused = tokenRecord({ token: null, refusal: REFUSAL, answeredAtMs: NOW_MS - 1 });
    await give(refused);
    expect(keptUntil()).toBe(keptUntilMs(refused));
  });

  it('for a month after the end of its token, since a program may have it until WeCom refuses it', () => {
    const { token } = record;
    expect(keptUntilMs(record)).toBe((token?.expiresAtMs ?? 0) + 30 * 24 * 3_600_000);
  });

  it('for a day after a refusal: callers can make up secrets', () => {
    const refused = tokenRecord({ token: null, refusal: REFUSAL });
    expect(keptUntilMs(refused)).toBe(REFUSAL.untilMs + 24 * 3_600_000);
  });

  it('little longer than its lease where there is nothing else', async () => {
    await lease('a');
    expect(keptUntil()).toBeGreaterThan(LAPSED_MS);
    expect(keptUntil()).toBeLessThan(LAPSED_MS + 3_600_000);
  });

  it('while a lease of it runs', async () => {
    await give(record);
    const lateMs = keptUntilMs(record) - 1;
    await lease('a', lateMs);
    expect(keptUntil()).toBeGreaterThan(lateMs + LEASE_MS);
  });
});

it('a token that does not open here counts as none, which a new one replaces, and the log says so once', async () => {
  const lines: object[] = [];
  const log = pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line)) });
  const withKey = (key: string) =>
    new AccessTokenStore(new MemoryRecords(data, true, new Sealer([new Secret(key)]), log));
  const [there, here] = [withKey(newSecretsKey()), withKey(newSecretsKey())];
  await there.lease(record, 'giver', NOW_MS, LEASE_MS);
  await there.save(record, 'giver');
  expect([await here.find(secretId), await here.findByTokenId(tokenIdIn(record))]).toEqual([null, null]);
  expect(await here.lease(record, 'a', NOW_MS, LEASE_MS)).toEqual({ isHeld: true, record: null });
  expect(await there.find(secretId)).toEqual(record);
  expect(await here.save(newer, 'a')).toBe(true);
  expect((await here.find(secretId))?.token?.value.reveal()).toBe('token-2');
  expect(lines).toMatchObject([
    { level: 40, msg: 'record.cannot_open', kind: 'tokens', corpId: record.corpId },
  ]);
  expect(JSON.stringify(lines)).not.toMatch(/sealed v1|token-\d/);
});
