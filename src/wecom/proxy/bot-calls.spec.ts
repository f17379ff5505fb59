import { describe, expect, it } from '@jest/globals';
import type { FastifyRequest } from 'fastify';
import { Secret } from '../../kernel/secret.js';
import type { StoreClock } from '../../kernel/store-clock.js';
import type { SyncTokens } from '../../registry/bots/sync-tokens.js';
import type { KnownBots } from '../../registry/bots/known-bots.js';
import type { Destinations } from '../../registry/accounts/destination.js';
import type { AccessTokens } from '../tokens/access-tokens.js';
import { BotAccess } from './bot-access.js';
import { type BotCall, BotCalls } from './bot-calls.js';
import { parseTarget } from './proxy-target.js';
import type { QueuedMessages } from './queued-messages.js';
import { NoSessionCalls } from '../calls/session-calls.js';

const BOT = { id: 'bot-1', corpId: 'wwCorp', openKfIds: ['wk1'], takes: 'event' };

const NO_TOKENS = { find: () => null, isGood: () => false };

function callOf(
  api: string,
  bot: typeof BOT = BOT,
  tokens: object = {},
  syncTokens: Pick<SyncTokens, 'find' | 'isGood'> = NO_TOKENS,
): BotCall {
  const calls = new BotCalls(
    { find: () => bot } as unknown as KnownBots,
    new BotAccess({} as Destinations, tokens as AccessTokens, syncTokens as SyncTokens),
    {} as QueuedMessages,
    {} as StoreClock,
    new NoSessionCalls(),
  );
  const call = calls.admit(bot, parseTarget(`/cgi-bin/${api}`));
  if (call === null) throw new Error('it is a call of a bot');
  return call;
}

const admit =
  (text: string, api = 'kf/send_msg') =>
  () =>
    callOf(api).admitBody({ whole: Buffer.from(text) });

it.each([
  '{"open_kfid":"wk1","msgtype":"text"}',
  '{ "open_kfid" \n:\t"wk1" }',
  '{"text":{"content":"\\"open_kfid\\": \\"wk2\\""},"open_kfid":"wk1"}',
  '{"touser":"wm1"}',
])('a call passes that names an account of its bot, or none: %s', (text) => {
  expect(admit(text)()).toEqual({ whole: Buffer.from(text) });
});

it.each([
  ['{"open_kfid":"wk2"}', 'BOT_FORBIDDEN'],
  ['{"open_kfid":["wk1"]}', 'BOT_FORBIDDEN'],
  ['{"open_kfid":"wk2","open_kfid":"wk1"}', 'REQUEST_BODY_NOT_JSON'],
  ['{"open_kfid" :"wk2","open\\u005fkfid":"wk1"}', 'REQUEST_BODY_NOT_JSON'],
  ['{"Open_KfId":"wk2","open_kfid":"wk1"}', 'REQUEST_BODY_NOT_JSON'],
  ['["wk1"]', 'REQUEST_BODY_NOT_JSON'],
])('a call is refused that names another one, or two: %s', (text, code) => {
  expect(admit(text)).toThrow(expect.objectContaining({ code }));
});

it('a name of blanks alone takes no time', () => {
  const text = JSON.stringify({ [`${' '.repeat(150_000)}x`]: 1 });
  const before = process.cpuUsage();
  expect(admit(text)()).toEqual({ whole: Buffer.from(text) });
  expect(process.cpuUsage(before).user / 1_000).toBeLessThan(1_000);
});

describe('the sync token of a pull', () => {
  const pull = (token: string, newest: string | null) => {
    const syncTokens = { find: () => newest, isGood: (_account: object, one: string) => one === 'ENCgood' };
    const call = callOf('kf/sync_msg', BOT, {}, syncTokens);
    const body = call.admitBody({ whole: Buffer.from(JSON.stringify({ open_kfid: 'wk1', token })) });
    const whole = 'whole' in body ? body.whole : null;
    return [JSON.parse(whole?.toString() ?? '').token, call.isTokenReplaced];
  };

  it('is replaced by the newest one of the account where it is not known to be good', () => {
    expect(pull('ENCgood', 'ENCnewest')).toEqual(['ENCgood', false]);
    expect(pull('ENCold', 'ENCnewest')).toEqual(['ENCnewest', true]);
    expect(pull('', 'ENCnewest')).toEqual(['ENCnewest', false]);
  });

  it('goes on as it is where none is known: another replica may have had it', () => {
    expect(pull('ENCold', null)).toEqual(['ENCold', false]);
  });
});

describe('an access token of which the store tells nothing, since it does not answer,', () => {
  const request = { ip: '127.0.0.1', trace: null } as unknown as FastifyRequest;
  const ownToken = { getForCall: async () => ({ token: { id: 'own' }, source: 'memory' }) };
  const bot = { ...BOT, secrets: { corpSecret: new Secret('secret') } };
  const unknown = expect.objectContaining({ code: 'STORE_UNAVAILABLE' });

  it('may have been given out by another replica', async () => {
    await expect(callOf('kf/send_msg').requireToken('one', undefined, request)).rejects.toEqual(unknown);
    const call = callOf('kf/send_msg', bot, ownToken);
    await expect(call.requireToken('one', undefined, request)).rejects.toEqual(unknown);
  });

  it('is admitted where it is the one of the secret of the bot', async () => {
    const call = callOf('kf/send_msg', bot, ownToken);
    await expect(call.requireToken('own', undefined, request)).resolves.toBeUndefined();
  });

  it('is refused once the store knows no such token', async () => {
    const forbidden = expect.objectContaining({ code: 'BOT_FORBIDDEN' });
    await expect(callOf('kf/send_msg').requireToken('one', null, request)).rejects.toEqual(forbidden);
    const call = callOf('kf/send_msg', bot, ownToken);
    await expect(call.requireToken('one', null, request)).rejects.toEqual(forbidden);
    await expect(call.requireToken('own', 'wwOther', request)).rejects.toEqual(forbidden);
  });
});
