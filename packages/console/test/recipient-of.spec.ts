/** Which bot a record is of. */
import { expect, it } from '@jest/globals';
import { recipientOf } from '../src/api/recipient-of.js';

const bot = (id: string, corpId: string, ...openKfIds: string[]) => ({ id, name: id, corpId, openKfIds });
const bots = [bot('rest', 'ww1', '*'), bot('desk', 'ww1', 'wk1', 'wk2'), bot('other', 'ww2', 'wk9')];

it('is of the bot that lists its account', () => {
  expect(recipientOf(bots, { corpId: 'ww1', openKfId: 'wk2', name: null })?.id).toBe('desk');
});

it('is of the bot for all others only where no bot lists the account and no puppet has it', () => {
  expect(recipientOf(bots, { corpId: 'ww1', openKfId: 'wk3', name: null })?.id).toBe('rest');
  expect(recipientOf(bots, { corpId: 'ww1', openKfId: 'wk3', name: 'of a puppet' })).toBeNull();
});

it('is of no bot of another corp, and of none without an account', () => {
  expect(recipientOf(bots, { corpId: 'ww2', openKfId: 'wk1', name: null })).toBeNull();
  expect(recipientOf(bots, { corpId: 'ww1', openKfId: null, name: null })).toBeNull();
});
