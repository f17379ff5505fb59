/** What the overview puts into one row. */
import { expect, it } from '@jest/globals';
import type { CauseAnswer } from '../src/api/answers.gen.js';
import { actionOf, groupCauses } from '../src/components/causes/group-causes.js';
import { PAGES, pathOf } from '../src/shell/paths.js';

const cause = (botId: string, changes: Partial<CauseAnswer> = {}): CauseAnswer => ({
  ...{ code: 'circuits', severity: 'bad', count: 1, since: null, why: 'connect', status: null },
  ...{
    address: null,
    port: null,
    replica: null,
    unlistedAddress: null,
    lateMin: null,
    corpId: null,
    corpName: null,
    openKfId: null,
    name: null,
    botId,
    botName: null,
    accounts: 0,
    accountNames: [],
  },
  key: 'circuits',
  ...changes,
});

it('puts bots that fail for the same reason into one row, where the first of them stood', () => {
  const causes = [cause('a'), cause('b', { why: 'status', status: 500 }), cause('c')];
  const rows = groupCauses(causes).map(({ causes: members }) => members.map(({ botId }) => botId));
  expect(rows).toEqual([['a', 'c'], ['b']]);
});

it('keeps apart what differs by its reason, its HTTP status, the address to list or how bad it is', () => {
  const causes = [
    cause('a', { why: 'status', status: 500 }),
    cause('b', { why: 'status', status: 404 }),
    cause('c', { why: 'status', status: 500, severity: 'wait' }),
    cause('d', { code: 'wecom_fails', why: '60020', unlistedAddress: '203.0.113.7' }),
    cause('e', { code: 'wecom_fails', why: '60020', unlistedAddress: '203.0.113.8' }),
  ];
  expect(groupCauses(causes)).toHaveLength(5);
});

it('leads from several bots to a page that is about all of them, and from one bot to its page', () => {
  const limited = { code: 'replies_fail', why: '45009' } as const;
  const account = { botId: null, corpId: 'ww1', openKfId: 'wk1' };
  const hrefOf = (...causes: readonly [CauseAnswer, ...CauseAnswer[]]) => actionOf(causes)?.href;
  expect(hrefOf(cause('a', limited))).toBe(pathOf.bot('a'));
  expect(hrefOf(cause('a', limited), cause('a', limited))).toBe(pathOf.bot('a'));
  expect(hrefOf(cause('a', limited), cause('b', limited))).toBe(PAGES.wecomErrors);
  expect(hrefOf(cause('a'), cause('b'))).toBeUndefined();
  expect(hrefOf(cause('a', { code: 'dead' }), cause('b', { code: 'dead' }))).toBe(pathOf.dead);
  const parked = { ...account, code: 'parked' } as const;
  expect(hrefOf(cause('', parked), cause('', { ...parked, openKfId: 'wk2' }))).toBe(pathOf.addBot);
});
