/** Bots as the domain knows them; over the wire they are added with `addBot`. */
import { Secret } from '../../src/kernel/secret.js';
import { type Bot, hashOfKey, isOpen, type Open } from '../../src/registry/bots/bot.js';
import { toBody } from '../../src/registry/bots/bot-body.js';
import { BOT_DEFAULTS, CALLBACK_DEFAULTS, type NewBotDto } from '../../src/registry/bots/bot.dto.js';
import type { KindDto } from '../../src/registry/bots/kinds.dto.js';
import type { KnownBot, OpenBot } from '../../src/registry/bots/known-bots.js';
import { readBot, type StoredBot } from '../../src/registry/bots/stored-bot.js';

export const BOT_KEY = 'wxkf_a-key-of-a-bot';
export const SIGNING_SECRET = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=';

const SECRETS = {
  url: 'http://bot:5300/wxkf/?tenant=7',
  token: 'botToken1',
  encodingAESKey: 'kWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C',
  corpSecret: 'corp-secret',
  headers: { 'X-KB-ID': '0191' },
  signingSecret: SIGNING_SECRET,
};

/** As a store has them. */
export function secretsText(fields: object = {}): Secret {
  return new Secret(JSON.stringify({ ...SECRETS, ...fields }));
}

/** A bot as the domain has it. */
export function openBot(fields: Partial<StoredBot> = {}): Open<Bot> {
  const bot = readBot(storedBot(fields));
  if (!isOpen(bot)) throw new Error('its secrets cannot be read');
  return bot;
}

/** As a process knows it that could open its secrets. */
export function knownBot(
  fields: Partial<StoredBot> = {},
  endpoint: KnownBot['endpoint'] = { must: '' },
): OpenBot {
  return { ...openBot(fields), endpoint, keysId: null };
}

/** What an operator gives for it. */
export function newBot(fields: Partial<StoredBot> = {}): KindDto {
  return bodyOf(openBot(fields));
}

/** What an operator gives to change it. */
export function bodyOf(bot: Open<Bot>, change: Partial<NewBotDto> = {}): KindDto {
  return { ...toBody(bot), ...change } as KindDto;
}

/** As a store has it. */
export function storedBot(fields: Partial<StoredBot> = {}): StoredBot {
  return {
    id: 'bot-1',
    name: '客服机器人',
    corpId: 'wwCorp_1',
    openKfIds: ['wkAccount-1'],
    kind: 'callback',
    api: 'manager',
    ...BOT_DEFAULTS,
    callback: { ...CALLBACK_DEFAULTS, receiveId: 'wwCorp_1', timeoutMs: 4_000 },
    secrets: secretsText(),
    keys: [{ hash: hashOfKey(BOT_KEY), untilMs: null }],
    createdAtMs: Date.UTC(2026, 0, 2),
    revision: 'revision-1',
    ...fields,
  };
}

/** Secrets in the clear, so that a wrong one shows in a comparison. */
export function revealedBot(bot: StoredBot) {
  return { ...bot, secrets: bot.secrets.reveal() };
}
