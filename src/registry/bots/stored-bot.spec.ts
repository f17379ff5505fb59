/** Bots as earlier versions stored them, and as this one does. */
import { describe, expect, it } from '@jest/globals';
import { bodyOf, openBot, revealedBot, secretsText, storedBot } from '../../../test/support/bots.js';
import { Secret } from '../../kernel/secret.js';
import { AGENT_DEFAULTS } from './agent.dto.js';
import { type Bot, isOpen } from './bot.js';
import { readBot, type StoredBot, toStored } from './stored-bot.js';

const PAIR = { token: 'botToken1', encodingAESKey: 'kWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C' };
const NO_PAIR = { token: '', encodingAESKey: '' };
const ELSEWHERE = { url: '', headers: {} };

/** As 2.0.0 stored it: it knew neither messages nor pauses, sessions, agents, forms or signing secrets. */
function first(kind: 'callback' | 'stream' | 'puppet' | 'none', secrets: object): StoredBot {
  const isCalled = kind === 'callback' || kind === 'stream';
  const { signingSecret: _, ...known } = JSON.parse(secretsText(secrets).reveal());
  return {
    ...{ id: 'bot-1', name: 'bot', corpId: 'wwCorp_1', openKfIds: ['*'], kind, api: 'manager' },
    callback: isCalled ? { receiveId: 'wxSuite', timeoutMs: 4_000 } : null,
    secrets: new Secret(JSON.stringify(known)),
    ...{ keys: [], createdAtMs: 1, revision: 'revision-1' },
  };
}

/** With its secrets as texts. */
function shown(bot: Bot): object {
  const reveal = (value: unknown): unknown =>
    value instanceof Secret
      ? value.reveal()
      : Object.fromEntries(Object.entries(value as object).map(([name, one]) => [name, reveal(one)]));
  return { ...bot, secrets: bot.secrets && reveal(bot.secrets) };
}

const COMMON = {
  ...{ id: 'bot-1', name: 'bot', corpId: 'wwCorp_1', openKfIds: ['*'], api: 'manager', paused: false },
  ...{ takes: 'event', order: 'account', includesServicer: false, takesMessagesSinceMs: null, session: null },
  ...{ keys: [], createdAtMs: 1, revision: 'revision-1' },
};
const SECRETS = { corpSecret: 'corp-secret', signingSecret: '' };
const KEYS = { callbackToken: PAIR.token, encodingAESKey: PAIR.encodingAESKey };

describe('a bot that 2.0.0 stored takes events and is not paused', () => {
  it('of kind callback, in WeCom’s form', () => {
    expect(shown(readBot(first('callback', {})))).toEqual({
      ...COMMON,
      kind: 'callback',
      callback: { receiveId: 'wxSuite', timeoutMs: 4_000, form: 'wecom' },
      secrets: { ...SECRETS, ...KEYS, url: 'http://bot:5300/wxkf/?tenant=7', headers: { 'X-KB-ID': '0191' } },
    });
  });

  it('of kind stream, without a URL or a form', () => {
    expect(shown(readBot(first('stream', ELSEWHERE)))).toEqual({
      ...COMMON,
      kind: 'stream',
      callback: { receiveId: 'wxSuite', timeoutMs: 4_000 },
      secrets: { ...SECRETS, ...KEYS },
    });
  });

  it.each(['puppet', 'none'] as const)('of kind %s, without anything of callbacks', (kind) => {
    const stored = first(kind, { ...ELSEWHERE, ...NO_PAIR });
    expect(shown(readBot(stored))).toEqual({ ...COMMON, kind, secrets: SECRETS });
  });
});

it('an agent that a version stored before some setting was known has the default of that setting', () => {
  const agent = { form: 'dify', url: 'https://api.dify.ai/v1', fallback: 'Wait' } as never;
  const secrets = secretsText({ ...ELSEWHERE, ...NO_PAIR, agentKey: 'app-1' });
  const bot = openBot({ kind: 'agent', callback: null, takes: 'message', agent, secrets });
  expect(bot).toMatchObject({ agent: { ...AGENT_DEFAULTS, ...(agent as object) } });
  expect(shown(bot)).toMatchObject({ secrets: { corpSecret: 'corp-secret', agentKey: 'app-1' } });
});

it.each<[StoredBot['kind'], Partial<StoredBot>]>([
  ['callback', {}],
  ['stream', { secrets: secretsText(ELSEWHERE) }],
  ['puppet', { callback: null, secrets: secretsText({ ...ELSEWHERE, ...NO_PAIR }) }],
  ['none', { callback: null, secrets: secretsText({ ...ELSEWHERE, ...NO_PAIR }) }],
  [
    'agent',
    {
      ...{ callback: null, takes: 'message', order: 'customer', takesMessagesSinceMs: 7, paused: true },
      agent: { ...AGENT_DEFAULTS, url: 'https://ai.example/v1', model: 'm' },
      secrets: secretsText({ ...ELSEWHERE, ...NO_PAIR, agentKey: 'app-1' }),
    },
  ],
])('a bot of kind %s is stored as it was read, in the shape that earlier versions read', (kind, of) => {
  const stored = { agent: null, ...storedBot({ kind, ...of }) };
  const bot = openBot(stored);
  const settings = toStored(bodyOf(bot), bot.secrets.signingSecret);
  expect(revealedBot({ ...stored, ...settings })).toEqual(revealedBot(stored));
});

it.each([
  ['cannot be opened', ''],
  ['are no JSON', '{'],
  ['lack a text', '{"url":""}'],
])('a bot whose secrets %s is known without them', (_what, text) => {
  const bot = readBot(storedBot({ secrets: new Secret(text) }));
  expect([bot.id, bot.secrets, isOpen(bot)]).toEqual(['bot-1', null, false]);
});
