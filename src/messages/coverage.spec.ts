import { beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { Delivery } from '../dispatch/line/deliveries.js';
import { LateWork } from '../dispatch/late-work.js';
import { Coverage } from './coverage.js';

const ACCOUNT = { corpId: 'wwCorp_1', openKfId: 'wkAccount-1' };
const TAKEN: Pick<Delivery, 'result' | 'occasion' | 'isPulled' | 'atMs'> = {
  result: { taken: true, status: 200 },
  occasion: 'due',
  isPulled: false,
  atMs: 1_000,
};

describe('what others have taken of an account that was pulled', () => {
  let covered: unknown[];
  let see: (delivery: Delivery) => void;

  beforeEach(() => {
    covered = [];
    const store = {
      cover: async (...said: unknown[]) => void covered.push(said),
      listAccounts: async () => [],
    };
    const deliveries = { listen: (listen: typeof see) => void (see = listen) };
    const late = new LateWork();
    const coverage = new Coverage(store as never, deliveries as never, late, pino({ level: 'silent' }));
    coverage.onApplicationBootstrap();
    coverage.pulled(ACCOUNT);
  });

  const ended = (fields: Partial<Delivery> = {}) => see({ ...ACCOUNT, ...TAKEN, ...fields } as Delivery);

  it('is noted with its time', () => {
    ended();
    expect(covered).toEqual([[ACCOUNT, 1_000]]);
  });

  it.each<[string, Partial<Delivery>]>([
    ['a pull of the manager, which ends when another bot has the account by now', { isPulled: true }],
    ['a message, which is known by its id', { occasion: 'message' }],
    ['a test', { occasion: 'test' }],
    ['what was not taken', { result: { taken: false, stage: 'connect', reason: 'refused' } as never }],
    ['what is of another account', { openKfId: 'wkAccount-2' }],
  ])('is not %s', (_what, fields) => {
    ended(fields);
    expect(covered).toEqual([]);
  });
});
