/** What the embedded store of access tokens promises beyond its port: about its records, and about a full disk. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { asBinary, type Database } from 'lmdb';
import { AppError } from '../../src/kernel/app-error.js';
import { EmbeddedAccessTokenStore } from '../../src/storage/embedded/embedded-access-token.store.js';
import { EmbeddedStore } from '../../src/storage/embedded/embedded-store.js';
import { EmbeddedStoreClock } from '../../src/storage/embedded/embedded-store-clock.js';
import { toStored } from '../../src/storage/embedded/stored-token.js';
import type { TokenRecord } from '../../src/wecom/tokens/access-token.js';
import { keptUntilMs, TOKEN_KEPT_MS } from '../../src/wecom/tokens/access-token.store.js';
import { ManualClock } from '../support/manual-clock.js';
import { embeddedPlace, type Place } from '../support/place.js';
import { tokenOf, tokenRecord } from '../support/tokens.js';

const HOUR_MS = 3_600_000;

let clock: ManualClock;
let place: Place;
let store: EmbeddedStore;
let tokens: EmbeddedAccessTokenStore;

beforeEach(async () => {
  clock = new ManualClock();
  place = embeddedPlace();
  await open();
});

afterEach(async () => {
  await store.onApplicationShutdown();
  await place.discard();
});

async function open(): Promise<void> {
  store = await EmbeddedStore.open({ dataDir: place.env.DATA_DIR ?? '' });
  tokens = openTokens(store);
}

function openTokens(on: EmbeddedStore): EmbeddedAccessTokenStore {
  return new EmbeddedAccessTokenStore(on, new EmbeddedStoreClock(clock));
}

async function reopen(): Promise<void> {
  await store.onApplicationShutdown();
  await open();
}

const stored = (): Database<unknown, string> => store.database('accessTokens');
const keysOnDisk = (): string[] => [...stored().getKeys()];

/** Of a secret of this name, and a token of the same, expiring when asked to. */
function recordOf(secretId: string, expiresAtMs = clock.nowMs()): TokenRecord {
  const token = tokenOf(`token of ${secretId}`, { expiresAtMs });
  return tokenRecord({ secretId, token, answeredAtMs: clock.nowMs() });
}

async function give(record: TokenRecord, to = tokens): Promise<void> {
  await to.lease(record, 'giver', clock.nowMs(), 10_000);
  expect(await to.save(record, 'giver')).toBe(true);
}

async function expectGone(secretId: string): Promise<void> {
  expect(await tokens.find(secretId)).toBeNull();
  expect(await tokens.findByTokenId(tokenOf(`token of ${secretId}`).id)).toBeNull();
}

describe('a record that cannot be read', () => {
  const whole = (): Record<string, unknown> => ({ ...toStored(tokenRecord({ secretId: 'spoilt' })) });

  it.each<[string, () => unknown]>([
    ['is no msgpack', () => Buffer.from([0xc1, 0xff])],
    ['lost its end', () => Buffer.from([0x85, 0xa8, 0x73])],
    ['is a text', () => 'spoilt'],
    ['is nothing', () => null],
    ['lacks its token', () => ({ ...whole(), token: undefined })],
    [
      'has a token without a value',
      () => ({ ...whole(), token: { id: 't', expiresAtMs: 1, isRevoked: false } }),
    ],
    ['has half a refusal', () => ({ ...whole(), refusal: { errcode: 1 } })],
    ['has a text for a time', () => ({ ...whole(), answeredAtMs: 'now' })],
    ['is of another secret', () => ({ ...whole(), secretId: 'other' })],
  ])('because it %s is thrown away and stops no other', async (_why, spoilt) => {
    await give(recordOf('whole'));
    const value = spoilt();
    await stored().put('spoilt', Buffer.isBuffer(value) ? asBinary(value) : value);
    await reopen();
    expect(await tokens.find('spoilt')).toBeNull();
    expect(await tokens.find('whole')).not.toBeNull();
    await reopen();
    expect(keysOnDisk()).toEqual(['whole']);
    await give(recordOf('spoilt'));
    await reopen();
    expect(await tokens.find('spoilt')).not.toBeNull();
  });
});

it('a token is known for a month after its end, since a program may have it until WeCom refuses it', async () => {
  const record = recordOf('quiet', clock.nowMs() + 2 * HOUR_MS);
  await give(record);
  await clock.advance(29 * 24 * HOUR_MS);
  await reopen();
  expect(await tokens.findByTokenId(tokenOf('token of quiet').id)).toEqual(record);
});

it('a refusal is kept for a day: callers can make up secrets', async () => {
  const refusal = { errcode: 40001, errmsg: '', count: 1, untilMs: clock.nowMs() + HOUR_MS };
  await give(tokenRecord({ secretId: 'made-up', token: null, refusal, answeredAtMs: clock.nowMs() }));
  await clock.advance(25 * HOUR_MS - 1);
  await reopen();
  expect(await tokens.find('made-up')).not.toBeNull();
  await clock.advance(1);
  await reopen();
  expect(await tokens.find('made-up')).toBeNull();
});

describe('a record that is of no use any more', () => {
  it('is kept until then and removed at the next start', async () => {
    const record = recordOf('old', clock.nowMs() + 2 * HOUR_MS);
    await give(record);
    await clock.advance(keptUntilMs(record) - clock.nowMs() - 1);
    await reopen();
    expect(await tokens.find('old')).toEqual(record);
    await clock.advance(1);
    await reopen();
    await expectGone('old');
    await reopen();
    expect(keysOnDisk()).toEqual([]);
  });

  it('is removed while the process runs, when another secret is used', async () => {
    await give(recordOf('old'));
    await clock.advance(TOKEN_KEPT_MS);
    expect(await tokens.find('old')).not.toBeNull();
    await give(recordOf('new'));
    await expectGone('old');
    await reopen();
    expect(keysOnDisk()).toEqual(['new']);
  });

  it('is looked for once an hour and not with every save', async () => {
    await give(recordOf('old'));
    await clock.advance(TOKEN_KEPT_MS - 1);
    await give(recordOf('new'));
    await clock.advance(HOUR_MS - 1);
    await give(recordOf('new'));
    expect(await tokens.find('old')).not.toBeNull();
    await clock.advance(1);
    await give(recordOf('new'));
    await expectGone('old');
  });

  it('stays when it is the one that is saved', async () => {
    await give(recordOf('old'));
    await clock.advance(TOKEN_KEPT_MS);
    const fresh = recordOf('old');
    await give(fresh);
    await reopen();
    expect(await tokens.find('old')).toEqual(fresh);
  });

  it('leaves a token to another secret that has the same', async () => {
    const token = tokenOf('shared');
    await give({ ...recordOf('old'), token: { ...token, expiresAtMs: clock.nowMs() } });
    await clock.advance(TOKEN_KEPT_MS - 1);
    const shared = { ...recordOf('new'), token: { ...token, expiresAtMs: clock.nowMs() } };
    await give(shared);
    await clock.advance(HOUR_MS);
    await give(recordOf('third'));
    expect(await tokens.find('old')).toBeNull();
    expect(await tokens.findByTokenId(token.id)).toEqual(shared);
  });
});

describe('with a disk that is full', () => {
  function withoutRoom(): EmbeddedStore {
    const full: Pick<EmbeddedStore, 'database' | 'durably'> = {
      database: (name) => store.database(name),
      durably: async () => {
        throw new AppError('STORE_UNAVAILABLE');
      },
    };
    return full as EmbeddedStore;
  }

  it('a write says so, and what upstream gave is used until a restart', async () => {
    await give(recordOf('known'));
    tokens = openTokens(withoutRoom());
    const record = recordOf('new');
    await tokens.lease(record, 'giver', clock.nowMs(), 10_000);
    await expect(tokens.save(record, 'giver')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const knownId = tokenOf('token of known').id;
    await expect(tokens.revoke('known', knownId)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await tokens.find('new')).toEqual(record);
    expect(await tokens.find('known')).toMatchObject({ token: { isRevoked: true } });
    await reopen();
    await expectGone('new');
    expect(await tokens.find('known')).toMatchObject({ token: { isRevoked: false } });
  });

  it('old records are gone all the same, and it goes on', async () => {
    await give(recordOf('old'));
    await clock.advance(TOKEN_KEPT_MS);
    tokens = openTokens(withoutRoom());
    await expectGone('old');
    await new Promise(setImmediate);
    expect(keysOnDisk()).toEqual(['old']);
  });
});

it('refuses what is written when the store is closed by an error that can be caught', async () => {
  await give(recordOf('known'));
  await tokens.lease(recordOf('late'), 'giver', clock.nowMs(), 10_000);
  await store.onApplicationShutdown();
  await expect(tokens.save(recordOf('late'), 'giver')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  await open();
  expect(keysOnDisk()).toEqual(['known']);
});
