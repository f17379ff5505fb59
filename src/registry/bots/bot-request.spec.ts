import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { openBot, secretsText, SIGNING_SECRET } from '../../../test/support/bots.js';
import { validated } from '../../http/answers/validation.js';
import { AppError } from '../../kernel/app-error.js';
import { Secret } from '../../kernel/secret.js';
import { AGENT_DEFAULTS } from './agent.dto.js';
import type { Bot, Open } from './bot.js';
import { toChangedBody, toNewBody } from './bot-request.js';
import { BotChangeDto, NewBotDto } from './bot.dto.js';
import type { KindDto } from './kinds.dto.js';
import { type StoredBot, toStored } from './stored-bot.js';

const nowMs = new ManualClock().nowMs();
const TERMS = { nowMs, hasSecretsKey: true };
const DAY_MS = 24 * 3_600_000;
const ago = (ms: number): string => new Date(nowMs - ms).toISOString();

const BODY = {
  name: 'Support bot',
  corpId: 'wx5823bf96d3bd56c7',
  openKfIds: ['wkAAA'],
  kind: 'callback',
  callback: { url: 'http://127.0.0.1:5300/callback' },
};
const MESSAGES = { ...BODY, takes: 'message', corpSecret: 'corp-secret' };

/** The bot as it is read once the body is stored. */
const read = (body: KindDto): Open<Bot> => openBot(toStored(body, new Secret(SIGNING_SECRET)));

const made = (body: object, terms = TERMS) => read(toNewBody(validated(NewBotDto, body), terms));

/** @param fields of the stored bot, or the whole bot as it was made. */
const changed = (body: object, fields: Partial<StoredBot> | Open<Bot> = {}, terms = TERMS) =>
  read(toChangedBody(validated(BotChangeDto, body), isMade(fields) ? fields : openBot(fields), terms));

const isMade = (fields: Partial<StoredBot> | Open<Bot>): fields is Open<Bot> =>
  fields.secrets !== undefined && !(fields.secrets instanceof Secret);

const TAKING_MESSAGES = { takes: 'message', takesMessagesSinceMs: nowMs - DAY_MS } as const;

function agentIn(bot: Open<Bot>) {
  if (bot.kind !== 'agent') throw new Error(`it is of kind ${bot.kind}`);
  return bot;
}

function atUrl(bot: Open<Bot>) {
  if (bot.kind !== 'callback') throw new Error(`it is of kind ${bot.kind}`);
  return bot;
}

/** What the operator is told. */
function detailOf(work: () => unknown): string | undefined {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError && error.code === 'REQUEST_INVALID') return error.detail;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('a new bot', () => {
  it('takes events unless it is asked for messages', () => {
    expect(made(BODY)).toMatchObject({
      takes: 'event',
      order: 'account',
      includesServicer: false,
      takesMessagesSinceMs: null,
    });
  });

  it('takes messages from now on, or from a time of the last 3 days', () => {
    const asked = { order: 'customer', include: ['servicer'] };
    expect(made({ ...MESSAGES, ...asked })).toMatchObject({
      takes: 'message',
      order: 'customer',
      includesServicer: true,
      takesMessagesSinceMs: nowMs,
    });
    expect(made({ ...MESSAGES, since: ago(3 * DAY_MS) }).takesMessagesSinceMs).toBe(nowMs - 3 * DAY_MS);
    // Now, by a clock that is ahead.
    expect(made({ ...MESSAGES, since: ago(-59_000) }).takesMessagesSinceMs).toBe(nowMs + 59_000);
  });

  it('of kind puppet takes messages however it calls WeCom', () => {
    const { callback: _callback, ...puppet } = { ...MESSAGES, kind: 'puppet', api: 'direct' };
    expect(made(puppet).takes).toBe('message');
  });

  it.each([
    ['an unknown value', { ...MESSAGES, takes: 'all' }, /takes must be one of event, message/],
    ['no corpSecret', { ...BODY, takes: 'message' }, /corpSecret is missing/],
    ['no way to be answered', { ...MESSAGES, api: 'tunnel' }, /api must be manager/],
    [
      'nobody to take them',
      { ...MESSAGES, kind: 'none', callback: undefined },
      /takes must be event for kind none/,
    ],
    ['another order', { ...MESSAGES, order: 'size' }, /order must be one of account, customer/],
    ['something else included', { ...MESSAGES, include: ['system'] }, /include must be a list of servicer/],
    [
      'the same included twice',
      { ...MESSAGES, include: ['servicer', 'servicer'] },
      /include must be a list of servicer/,
    ],
    ['a time that is none', { ...MESSAGES, since: 'yesterday' }, /since must be a time like/],
    ['a time to come', { ...MESSAGES, since: ago(-61_000) }, /since must not be in the future/],
    ['a time too long ago', { ...MESSAGES, since: ago(3 * DAY_MS + 1) }, /since must be at most 3 days/],
    ['an order of events', { ...BODY, order: 'customer' }, /order is for bots that take messages/],
    ['servicers’ events', { ...BODY, include: ['servicer'] }, /include is for bots that take messages/],
    ['events since then', { ...BODY, since: ago(1_000) }, /since is for bots that take messages/],
  ])('with %s is refused', (_what, body, detail) => {
    expect(detailOf(() => made(body))).toMatch(detail);
  });

  it('takes no messages where they cannot be sealed', () => {
    const terms = { nowMs, hasSecretsKey: false };
    expect(detailOf(() => made(MESSAGES, terms))).toMatch(/SECRETS_KEY is not set/);
    // Nobody who adds an agent has chosen what it takes.
    const agent = { form: 'dify', url: 'http://127.0.0.1/v1', key: 'app-1' };
    const { callback: _, takes: _1, ...same } = MESSAGES;
    expect(detailOf(() => made({ ...same, kind: 'agent', agent }, terms))).toMatch(
      /^the manager keeps messages sealed, and SECRETS_KEY is not set: npx wxkf-manager keys generate --add-to \.env/,
    );
  });
});

describe('an agent', () => {
  const SERVICE = { form: 'dify', url: 'https://api.dify.ai/v1', key: 'app-secret-key' };
  const { callback: _callback, ...rest } = { ...BODY, kind: 'agent', corpSecret: 'corp-secret' };
  const AGENT = { ...rest, agent: SERVICE };
  const withAgent = (fields: object) => ({ ...AGENT, agent: { ...SERVICE, ...fields } });
  const PEOPLE = { session: { people: { to: 'pool', nobody: 'Nobody is here.' } } };

  it('takes messages, those of each customer in order, and has what was left out', () => {
    const bot = made(AGENT);
    expect(bot).toMatchObject({ kind: 'agent', takes: 'message', order: 'customer' });
    expect(agentIn(bot).agent).toMatchObject({
      ...{ form: 'dify', url: 'https://api.dify.ai/v1', model: '', botId: '', history: 0 },
      ...{ timeoutMs: 60_000, concurrency: 16, reset: ['新对话'], unsupported: '' },
      ...{ fallback: '', fallbackAfterS: 30, handOverMark: '' },
    });
    expect(agentIn(bot).secrets.agentKey.reveal()).toBe('app-secret-key');
  });

  it('is changed field by field, and keeps its key', () => {
    const bot = made(withAgent({ form: 'openai', model: 'deepseek-flash', history: 3, fallback: 'Wait' }));
    const change = agentIn(changed({ agent: { history: 5, fallback: '' } }, bot));
    expect(change.agent).toEqual({ ...agentIn(bot).agent, history: 5, fallback: '' });
    expect(change.secrets.agentKey.reveal()).toBe('app-secret-key');
  });

  it('needs its key again for another host, which the stored key is not sent to', () => {
    const bot = made(AGENT);
    const at = (url: string, key?: string) =>
      agentIn(changed({ agent: { url, ...(key !== undefined && { key }) } }, bot));
    for (const url of ['https://other.example/v1', 'http://api.dify.ai/v1', 'https://api.dify.ai:8443/v1'])
      expect(detailOf(() => at(url))).toMatch(/^agent.key is missing: .*; send the key of the new one$/);
    expect(at('https://api.dify.ai/v2').agent.url).toBe('https://api.dify.ai/v2');
    const moved = at('https://other.example/v1', 'another-key');
    expect(moved.secrets.agentKey.reveal()).toBe('another-key');
  });

  it.each([
    [
      'no service',
      { ...AGENT, agent: undefined },
      /agent.form is missing; agent.url is missing.*agent.key is missing/,
    ],
    ['another form', withAgent({ form: 'other' }), /agent.form must be one of openai, fastgpt, dify, coze/],
    [
      'a query in its URL',
      withAgent({ url: 'https://a.example/?key=1' }),
      /agent.url must end with its path/,
    ],
    ['a key with blanks', withAgent({ key: 'a b' }), /agent.key must be a key of 1 to 512 printable/],
    ['no model', withAgent({ form: 'openai' }), /agent.model is missing, which form openai needs/],
    ['no bot at Coze', withAgent({ form: 'coze' }), /agent.botId is missing/],
    ['a history that the service has', withAgent({ history: 2 }), /agent.history must be 0 for form dify/],
    ['too long a history', withAgent({ history: 21 }), /agent.history must be a whole number from 0 to 20/],
    [
      'nobody to hand over to',
      withAgent({ handOverMark: '[人工]' }),
      /agent.handOverMark needs session.people.nobody/,
    ],
    [
      'no words for when nobody takes the customer',
      { ...withAgent({ handOverMark: '[人工]' }), session: { people: { to: 'pool' } } },
      /agent.handOverMark needs session.people.nobody.*; set it, or empty agent.handOverMark/,
    ],
    ['events', { ...AGENT, takes: 'event' }, /takes must be message for kind agent/],
    ['one message at a time', { ...AGENT, order: 'account' }, /order must be customer for kind agent/],
    ['a URL for callbacks', { ...AGENT, callback: BODY.callback }, /callback is for bots of kind callback/],
    ['no corpSecret', { ...AGENT, corpSecret: undefined }, /corpSecret is missing/],
    ['another kind', { ...BODY, agent: SERVICE }, /agent is for bots of kind agent/],
  ])('with %s is refused', (_what, body, detail) => {
    expect(detailOf(() => made(body))).toMatch(detail);
  });

  it('hands over where its session says to whom', () => {
    const bot = agentIn(made({ ...withAgent({ handOverMark: '[人工]' }), ...PEOPLE }));
    expect(bot.agent.handOverMark).toBe('[人工]');
  });

  it('that hands over is not left without words for when nobody takes the customer', () => {
    const bot = made({ ...withAgent({ handOverMark: '[人工]' }), ...PEOPLE });
    for (const session of [null, {}, { people: { to: 'pool' } }])
      expect(detailOf(() => changed({ session }, bot))).toMatch(/needs session.people.nobody/);
    const without = { agent: { handOverMark: '' }, session: null };
    expect(changed(without, bot)).toMatchObject({ session: null, agent: { handOverMark: '' } });
  });

  it('that was stored without those words can be paused, and is not changed in that', () => {
    const bot = made({ ...withAgent({ handOverMark: '[人工]' }), ...PEOPLE });
    const stored = { ...bot, session: { people: { to: 'pool' as const } } };
    expect(changed({ paused: true }, stored)).toMatchObject({ paused: true });
    expect(detailOf(() => changed({ session: { people: { to: 'pool' } } }, stored))).toMatch(/nobody/);
  });
});

describe('a callback bot that takes messages in JSON', () => {
  const JSON_BODY = { ...MESSAGES, callback: { ...BODY.callback, form: 'json' } };
  const IN_JSON = {
    ...TAKING_MESSAGES,
    callback: { receiveId: 'wwCorp_1', timeoutMs: 4_000, form: 'json' },
  } as const;
  const keysOf = (bot: Open<Bot>) => {
    const { callbackToken, encodingAESKey } = atUrl(bot).secrets;
    return [callbackToken.reveal(), encodingAESKey.reveal()];
  };

  it('has no keys of callbacks, and calls WeCom as it likes', () => {
    const bot = made({ ...JSON_BODY, api: 'direct' });
    expect(bot).toMatchObject({ callback: { form: 'json' } });
    expect(keysOf(bot)).toEqual(['', '']);
  });

  it('is one that takes callbacks, where no form is given', () => {
    expect(made(MESSAGES)).toMatchObject({ callback: { form: 'wecom' } });
    const old = { callback: { receiveId: 'wwCorp_1', timeoutMs: 4_000 } };
    expect(changed({ name: 'renamed' }, old)).toMatchObject({ callback: { form: 'wecom' } });
  });

  it('loses its keys when it changes to JSON, and needs others to change back', () => {
    const toJson = changed({ callback: { form: 'json' } }, TAKING_MESSAGES);
    expect([atUrl(toJson).callback, keysOf(toJson)]).toMatchObject([{ form: 'json' }, ['', '']]);
    expect(detailOf(() => changed({ callback: { form: 'wecom' } }, toJson))).toMatch(
      /callback.token and callback.encodingAESKey are missing/,
    );
    const keys = { token: 'another', encodingAESKey: 'a'.repeat(43) };
    expect(keysOf(changed({ callback: { form: 'wecom', ...keys } }, toJson))).toEqual(Object.values(keys));
  });

  it.each([
    [
      'an unknown form',
      () => made({ ...MESSAGES, callback: { form: 'xml' } }),
      /form must be one of wecom, json/,
    ],
    [
      'events',
      () => made({ ...JSON_BODY, takes: 'event' }),
      /callback.form must be wecom for a bot that takes events/,
    ],
    ['events from now on', () => changed({ takes: 'event' }, IN_JSON), /callback.form must be wecom/],
    [
      'keys of callbacks',
      () => made({ ...JSON_BODY, callback: { ...JSON_BODY.callback, token: 'token' } }),
      /callback.token is for form wecom/,
    ],
    [
      'a stream',
      () => made({ ...JSON_BODY, kind: 'stream', callback: { form: 'json' } }),
      /callback.form is for bots of kind callback/,
    ],
  ])('is refused with %s', (_what, work, detail) => {
    expect(detailOf(work)).toMatch(detail);
  });
});

describe('a pause', () => {
  it('is over where nothing is said of it, and stays as it is in a change of something else', () => {
    expect(made({ ...BODY, paused: true }).paused).toBe(true);
    expect(made(BODY).paused).not.toBe(true);
    expect(changed({ paused: false }, { paused: true }).paused).toBe(false);
    expect(changed({ name: 'renamed' }, { paused: true }).paused).toBe(true);
  });

  it('is not for accounts that people serve, and is true or false', () => {
    const staffed = { ...BODY, kind: 'none', callback: undefined };
    expect(detailOf(() => made({ ...staffed, paused: true }))).toMatch(/paused must be false for kind none/);
    expect(made({ ...staffed, paused: false }).paused).toBe(false);
    expect(detailOf(() => made({ ...BODY, paused: 'yes' }))).toMatch(/paused must be true or false/);
  });
});

describe('a session', () => {
  const session = {
    welcome: { menu: { head: 'Hello', choices: [{ text: 'A person', id: 'people' }], tail: 'or write' } },
    people: {
      keywords: ['人工'],
      menuIds: ['people'],
      to: { servicers: ['ann'] },
      waiting: 'wait',
      nobody: 'no',
    },
    hours: {
      timeZone: 'Asia/Shanghai',
      open: [{ days: [1, 5], from: '09:00', to: '18:00' }],
      closed: 'closed',
    },
    ended: { text: 'bye' },
    mergeS: 3,
  };

  it('is as it was asked for, without what nobody knows, and stays in a change of something else', () => {
    expect(made({ ...MESSAGES, session }).session).toEqual(session);
    const people = { ...session.people, to: { servicers: ['ann'], more: 1 }, keywords: null, more: 1 };
    const { keywords: _, ...left } = session.people;
    expect(made({ ...MESSAGES, session: { people, more: 1 } }).session).toEqual({ people: left });
    expect(made(MESSAGES).session).toBeNull();
    expect(changed({ name: 'renamed' }, { ...TAKING_MESSAGES, session }).session).toEqual(session);
  });

  it('is replaced as a whole, and taken away by null or with the messages', () => {
    const before = { ...TAKING_MESSAGES, session };
    expect(changed({ session: { mergeS: 1 } }, before).session).toEqual({ mergeS: 1 });
    expect(changed({ session: null }, before).session).toBeNull();
    expect(changed({ takes: 'event' }, before).session).toBeNull();
  });

  it.each<[unknown, RegExp]>([
    [[], /^session must be an object$/],
    [{ welcome: {} }, /^session\.welcome\.text must be given, or menu in its place$/],
    [
      { ended: { text: 'a', menu: session.welcome.menu } },
      /ended\.text must not be given together with menu/,
    ],
    [{ welcome: { text: '微'.repeat(683) } }, /welcome\.text must be a text of 1 to 2048 bytes/],
    [{ welcome: { menu: { choices: [] } } }, /welcome\.menu\.choices must be a list of 1 to 10/],
    [
      { welcome: { menu: { choices: [{ text: 'a' }, { id: '' }] } } },
      /choices\[1\]\.text must be .*; session\.welcome\.menu\.choices\[1\]\.id must be a text of 1 to 128/,
    ],
    [
      { welcome: { menu: { choices: [{ text: 'a', id: 'a', url: 'https://h' }] } } },
      /choices\[0\]\.url must not be given together with id/,
    ],
    [{ people: {} }, /session\.people\.to must be "pool", or an object with servicers/],
    [{ people: { to: { servicers: [] } } }, /servicers, which must be a list of 1 to 100 different texts/],
    [
      { people: { to: 'pool', keywords: ['a', 'a'] } },
      /people\.keywords must be a list of 1 to 50 different/,
    ],
    [{ people: { to: 'pool', waiting: ' ' } }, /people\.waiting must be a text/],
    [{ hours: { ...session.hours, timeZone: 'Mars' } }, /hours\.timeZone must be a name of the IANA/],
    [{ hours: { ...session.hours, closed: undefined } }, /hours\.closed must be a text/],
    [
      { hours: { ...session.hours, open: [{ days: [8], from: '9', to: '25:00' }] } },
      /open\[0\]\.days must be .*from must be .*to must be/,
    ],
    [{ mergeS: 11 }, /session\.mergeS must be a whole number of seconds from 1 to 10/],
  ])('is refused as %j', (given, detail) => {
    expect(detailOf(() => made({ ...MESSAGES, session: given }))).toMatch(detail);
  });

  it('is for bots that take messages', () => {
    expect(detailOf(() => made({ ...BODY, session }))).toMatch(/session is for bots that take messages/);
    expect(made({ ...BODY, session: null }).session).toBeNull();
  });
});

describe('a bot that is changed', () => {
  it('takes what it took, if nothing is said of it', () => {
    const taking = { ...TAKING_MESSAGES, order: 'customer', includesServicer: true } as const;
    expect(changed({ name: 'renamed' }, taking)).toMatchObject(taking);
    expect(changed({ name: 'renamed' }, taking, { nowMs, hasSecretsKey: false })).toMatchObject(taking);
  });

  it('takes messages from now on', () => {
    expect(changed({ takes: 'message' })).toMatchObject({ takes: 'message', takesMessagesSinceMs: nowMs });
  });

  it('takes messages since another time', () => {
    const sinceMs = nowMs - 2 * DAY_MS;
    expect(changed({ since: ago(2 * DAY_MS) }, TAKING_MESSAGES).takesMessagesSinceMs).toBe(sinceMs);
  });

  it('may have been stored before a rule, and is refused where the change is about that', () => {
    const own = { secrets: secretsText({ headers: { traceparent: '1' } }) };
    expect(changed({ paused: true, callback: { timeoutMs: 8_000 } }, own)).toMatchObject({ paused: true });
    expect(detailOf(() => changed({ takes: 'message', corpSecret: 'new', api: 'direct' }, own))).toMatch(
      /^api must be manager for a bot that takes messages/,
    );
    const keyless = { kind: 'agent', callback: null, takes: 'message', order: 'customer' } as const;
    const agent = { ...AGENT_DEFAULTS, url: 'https://ai.example/v1', model: 'm' };
    const paused = changed({ paused: true }, { ...keyless, agent, takesMessagesSinceMs: nowMs });
    expect(paused).toMatchObject({ paused: true, agent });
    expect(detailOf(() => changed({ agent: { model: '' } }, { ...keyless, agent }))).toMatch(
      /agent.model is missing/,
    );
  });

  it('takes events again, and forgets how it took messages', () => {
    const taking = { ...TAKING_MESSAGES, order: 'customer', includesServicer: true } as const;
    expect(changed({ takes: 'event' }, taking)).toMatchObject({
      takes: 'event',
      order: 'account',
      includesServicer: false,
      takesMessagesSinceMs: null,
    });
  });

  it('keeps its URL with the query, where it is given as answers show it', () => {
    const urlOf = (bot: Open<Bot>) => atUrl(bot).secrets.url.reveal();
    const before = 'http://bot:5300/wxkf/?tenant=7';
    expect(urlOf(changed({ callback: { url: 'http://bot:5300/wxkf/?***', timeoutMs: 8_000 } }))).toBe(before);
    const moved = 'http://bot:5300/wxkf/?tenant=8';
    expect(urlOf(changed({ callback: { url: moved } }))).toBe(moved);
    const elsewhere = { callback: { url: 'http://other:5300/wxkf/?***' } };
    expect(detailOf(() => changed(elsewhere))).toMatch(/^callback.url must have its own query/);
    expect(detailOf(() => made({ ...BODY, ...elsewhere }))).toMatch(/^callback.url must have its own query/);
  });

  it.each([
    ['a way on which it is not answered', { api: 'direct' }, TAKING_MESSAGES, /api must be manager/],
    ['an order of events', { order: 'customer' }, {}, /order is for bots that take messages/],
    [
      'messages that nobody takes',
      { takes: 'message' },
      { kind: 'none', callback: null } as const,
      /takes must be event for kind none/,
    ],
  ])('to %s is refused', (_what, body, fields, detail) => {
    expect(detailOf(() => changed(body, fields))).toMatch(detail);
  });
});
