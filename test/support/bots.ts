/** Bots as the domain knows them; over the wire they are added with `addBot`. */
import { Secret } from '../../src/kernel/secret.js';
import { type Bot, hashOfKey, TAKES_EVENTS, toSecretsText } from '../../src/registry/bots/bot.js';

export const BOT_KEY = 'wxkf_a-key-of-a-bot';
export const SIGNING_SECRET = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=';

export function storedBot(fields: Partial<Bot> = {}): Bot {
  return {
    id: 'bot-1',
    name: '客服机器人',
    corpId: 'wwCorp_1',
    openKfIds: ['wkAccount-1'],
    kind: 'callback',
    api: 'manager',
    ...TAKES_EVENTS,
    callback: { receiveId: 'wwCorp_1', timeoutMs: 4_000, form: 'wecom' },
    paused: false,
    secrets: toSecretsText({
      url: new Secret('http://bot:5300/wxkf/?tenant=7'),
      callbackToken: new Secret('botToken1'),
      encodingAESKey: new Secret('kWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C'),
      corpSecret: new Secret('corp-secret'),
      headers: { 'X-KB-ID': new Secret('0191') },
      signingSecret: new Secret(SIGNING_SECRET),
      agentKey: new Secret(''),
    }),
    keys: [{ hash: hashOfKey(BOT_KEY), untilMs: null }],
    createdAtMs: Date.UTC(2026, 0, 2),
    revision: 'revision-1',
    ...fields,
  };
}

/** Secrets in the clear, so that a wrong one shows in a comparison. */
export function revealedBot(bot: Bot) {
  return { ...bot, secrets: bot.secrets.reveal() };
}
