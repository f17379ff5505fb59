import { expect, it } from '@jest/globals';
import type { AccountView } from '../accounts/account-views.js';
import { newCause } from '../accounts/cause.js';
import { concernedBy } from './concerned.js';

const reason = { why: null, status: null, sinceMs: null, count: 1 };
const view = (openKfId: string, code: string, more: object = {}): AccountView =>
  ({
    ...{ corpId: 'ww1', openKfId, name: null, bot: null, address: null },
    ...{ judged: { reasons: [{ ...reason, code }] }, ...more },
  }) as unknown as AccountView;

it('names three of a bot’s accounts that are in the same trouble, and counts all', () => {
  const bot = { id: 'b1' };
  const silent = ['Sales', 'Support', null, 'Shop'].map((name, n) => view(`wk${n}`, 'silent', { name, bot }));
  const others = [view('wk5', 'silent', { bot: { id: 'b2' } }), view('wk6', 'dead', { bot })];
  expect(concernedBy(newCause('silent', 4, { botId: 'b1', corpId: 'ww1' }), [...silent, ...others])).toEqual({
    accounts: 4,
    accountNames: ['Sales', 'Support', 'wk2'],
  });
});

it('knows those behind an address, whether or not something waits for each', () => {
  const at = (address: string) => ({ address });
  const views = [
    view('wk1', 'waiting', at('http://10.0.0.7:80/a')),
    view('wk2', 'circuits', at('http://10.0.0.7:80/b')),
    view('wk3', 'waiting', at('http://10.0.0.7:81/b')),
  ];
  const names = (where: object) => concernedBy(newCause('waiting', 1, where), views).accountNames;
  expect(names({ address: '10.0.0.7:80', port: 80 })).toEqual(['wk1', 'wk2']);
  expect(names({ address: '10.0.0.7' })).toEqual(['wk1', 'wk2', 'wk3']);
});

it('knows those of a corp whose calls WeCom refuses, and of nothing that concerns no account', () => {
  const of = { judged: { reasons: [{ ...reason, code: 'wecom_fails', why: '60020' }] } };
  const views = [view('wk1', '', of), view('wk2', '', { ...of, corpId: 'ww2' })];
  expect(concernedBy(newCause('wecom_fails', 1, { corpId: 'ww2', why: '60020' }), views).accounts).toBe(1);
  expect(concernedBy(newCause('store_down', 1), views).accounts).toBe(0);
});
