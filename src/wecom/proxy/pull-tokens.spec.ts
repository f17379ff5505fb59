import { expect, it } from '@jest/globals';
import type { Destinations } from '../../registry/accounts/destination.js';
import type { KnownBots } from '../../registry/bots/known-bots.js';
import type { SyncTokens } from '../../registry/bots/sync-tokens.js';
import type { RecordStore } from '../../storage/records/records.js';
import type { BotCall } from './bot-calls.js';
import { PullTokens } from './pull-tokens.js';

const ASKER = { botId: 'bot-1', openKfId: 'wk1' };
const BOT = { asker: ASKER, openKfIds: ['wk1', 'wk2'] } as unknown as BotCall;
const good = new Set(['ENCgood']);

function judge(
  fields: object | null,
  bot: BotCall | null = BOT,
  isShared = false,
  corpId: string | null = 'ww1',
) {
  const tokens = new PullTokens(
    { isGood: (_account: object, token: string) => good.has(token) } as unknown as SyncTokens,
    {
      find: ({ openKfId }: typeof ASKER) => ({ hasRecipient: openKfId === 'wk1' }),
    } as unknown as Destinations,
    { countOf: (corp: string) => Number(corp === 'ww1') } as unknown as KnownBots,
    { isShared } as RecordStore,
  );
  const whole = fields === null ? null : Buffer.from(JSON.stringify(fields));
  return tokens.judge(corpId, { whole }, bot);
}

it('a pull with a good token does not count as one without', () => {
  expect(judge({ token: 'ENCgood' })).toBeNull();
  expect(judge({ token: 'ENCold' })).toEqual({ as: ASKER, hasToken: true });
  expect([{}, { token: '' }, { token: 5 }, null].map((fields) => judge(fields))).toEqual(
    Array(4).fill({ as: ASKER, hasToken: false }),
  );
});

it('a token that is not known here may be known later, where there are other replicas', () => {
  const judged = judge({ token: 'ENCnew' }, BOT, true);
  expect(judged?.as.isGoodByNow?.()).toBe(false);
  good.add('ENCnew');
  expect(judged?.as.isGoodByNow?.()).toBe(true);
});

it('a caller that is no bot is judged where events of the account come here, and tokens are kept', () => {
  const old = { token: 'ENCold', open_kfid: 'wk1' };
  expect(judge(old, null)).toMatchObject({ as: { botId: '' }, hasToken: true });
  expect(judge({ ...old, open_kfid: 'wk9' }, null)).toBeNull();
  expect(judge({ token: 'ENCold' }, null)).toBeNull();
  expect(judge(old, null, false, 'ww2')).toBeNull();
  expect(judge(old, null, false, null)).toBeNull();
});
