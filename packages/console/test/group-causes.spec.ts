/** What the overview puts into one row. */
import { expect, it } from '@jest/globals';
import type { CauseAnswer } from '../src/api/answers.gen.js';
import { groupCauses } from '../src/components/causes/group-causes.js';

const cause = (botId: string, changes: Partial<CauseAnswer> = {}): CauseAnswer => ({
  ...{ code: 'circuits', severity: 'bad', count: 1, since: null, why: 'connect', status: null },
  ...{
    address: null,
    port: null,
    replica: null,
    unlistedAddress: null,
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
