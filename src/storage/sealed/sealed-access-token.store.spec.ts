import { beforeEach, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { MemoryAccessTokenStore, type TokenTable } from '../../../test/support/memory-access-token.store.js';
import { newSecretsKey } from '../../../test/support/place.js';
import { tokenOf, tokenRecord } from '../../../test/support/tokens.js';
import { isSealed, Sealer } from '../../crypto/sealer.js';
import { Secret } from '../../kernel/secret.js';
import type { AccessTokenStore } from '../../wecom/tokens/access-token.store.js';
import { SealedAccessTokenStore } from './sealed-access-token.store.js';

const NOW_MS = Date.now();
const [OLD, NEW] = [newSecretsKey(), newSecretsKey()];
const record = tokenRecord();
const { secretId } = record;

let table: TokenTable;
let lines: Record<string, unknown>[];

beforeEach(() => {
  table = new Map();
  lines = [];
});

function open(...keys: string[]): AccessTokenStore {
  const log = pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line)) });
  const sealer = new Sealer(keys.map((key) => new Secret(key)));
  return new SealedAccessTokenStore(new MemoryAccessTokenStore(table), sealer, log);
}

async function give(store: AccessTokenStore, given = record): Promise<void> {
  await store.lease(given, 'giver', NOW_MS, 10_000);
  expect(await store.save(given, 'giver')).toBe(true);
}

const stored = (id = secretId): string => table.get(id)?.record?.token?.value.reveal() ?? '';

it('stores an access token sealed, found by the id that it has when it is open', async () => {
  const store = open(NEW);
  await give(store);
  expect(isSealed(stored())).toBe(true);
  const found = await store.findByTokenId(record.token?.id ?? '');
  expect(found?.token?.value.reveal()).toBe('token-1');
});

it('takes a plain one of an earlier run as it is', async () => {
  await give(open());
  expect(stored()).toBe('token-1');
  expect((await open(NEW).find(secretId))?.token?.value.reveal()).toBe('token-1');
});

it.each([
  ['sealed with a key that is not there', async () => give(open(OLD))],
  [
    'of another secret',
    async () => {
      const another = tokenRecord({ secretId: 'another', token: tokenOf('token-2') });
      await give(open(NEW), another);
      await give(open(NEW));
      const token = table.get('another')?.record?.token ?? null;
      table.set(secretId, { record: { ...record, token }, lease: null });
    },
  ],
])('counts a record %s as none, which a new token replaces, and says so once', async (_what, write) => {
  await write();
  const store = open(NEW);
  expect(await store.find(secretId)).toBeNull();
  expect(await store.lease(record, 'a', NOW_MS, 10_000)).toEqual({ isHeld: true, record: null });
  expect(await store.save(record, 'a')).toBe(true);
  expect((await store.find(secretId))?.token?.value.reveal()).toBe('token-1');
  expect(lines).toMatchObject([{ level: 40, msg: 'token.cannot_open', corpId: record.corpId }]);
  expect(JSON.stringify(lines)).not.toMatch(/sealed v1|token-\d/);
});
