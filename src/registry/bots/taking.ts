/** Reads from a request what a bot takes, events or messages, and checks whether the bot can take messages. */

import { type Bot, type BotSecrets, type BotTaking, TAKES_EVENTS } from './bot.js';
import type { BotChangeDto } from './bot.dto.js';
import { type RuledBot, rulesOf } from './bot-kinds.js';
import { readSession } from './session.dto.js';

/** As far back as WeCom gives messages (developer.work.weixin.qq.com/document/path/94670). */
const BACK_MAX_MS = 3 * 24 * 3_600_000;

/** A caller who asks for _now_ may have a clock that is ahead of the store's. */
const AHEAD_MAX_MS = 60_000;

type AskedTaking = Pick<BotChangeDto, 'takes' | 'order' | 'include' | 'since' | 'session'>;

/** What the checks need besides the bot. */
export interface Terms {
  /** Store time. */
  readonly nowMs: number;
  /** Whether the contents of messages can be sealed at rest. */
  readonly hasSecretsKey: boolean;
}

/** Fields that are left out stay as they were. A bot that begins to take messages gets those sent since now, or since `since`. */
export function takingOf(asked: AskedTaking, before: BotTaking, { nowMs }: Terms): BotTaking {
  const takes = asked.takes ?? before.takes;
  if (takes === 'event') return TAKES_EVENTS;
  const { order, include, since, session = before.session } = asked;
  return {
    takes,
    order: order ?? before.order,
    includesServicer: include?.includes('servicer') ?? before.includesServicer,
    takesMessagesSinceMs: since ? Date.parse(since) : (before.takesMessagesSinceMs ?? nowMs),
    session: session ? readSession(session) : null,
  };
}

/** What is wrong with `bot`, as it would be after the request. @param before the bot as it was; `null` for a new one. */
export function faultsOfTaking(
  asked: AskedTaking,
  bot: Pick<Bot, 'kind' | 'api' | 'takes' | 'callback'>,
  secrets: BotSecrets,
  before: BotTaking | null,
  { nowMs, hasSecretsKey }: Terms,
): string[] {
  if (bot.takes === 'event') {
    // An empty `include` asks for nothing, and is what the API shows.
    const { order, include, since, session } = asked;
    const values = Object.entries({
      order,
      include: include?.length ? include : undefined,
      since,
      session: session ?? undefined,
    });
    const given = values.filter(([, value]) => value !== undefined).map(([field]) => field);
    return given.map((field) => `${field} is for bots that take messages; set takes to message`);
  }
  const begins = before?.takes !== 'message';
  const sinceMs = asked.since ? Date.parse(asked.since) : nowMs;
  return [
    ...faultsOfMessageBot(bot, secrets),
    ...(begins && !hasSecretsKey ? [NO_SECRETS_KEY] : []),
    ...(sinceMs > nowMs + AHEAD_MAX_MS ? ['since must not be in the future'] : []),
    ...(sinceMs < nowMs - BACK_MAX_MS
      ? ['since must be at most 3 days back, as far as WeCom gives messages']
      : []),
  ];
}

const NO_SECRETS_KEY =
  'the manager keeps messages sealed, and SECRETS_KEY is not set: npx wxkf-manager keys generate --add-to .env makes one; then restart the manager';

/** Why a bot cannot take messages; `[]` when it can. */
export function faultsOfMessageBot(
  bot: RuledBot & Pick<Bot, 'api'>,
  { corpSecret }: Pick<BotSecrets, 'corpSecret'>,
): string[] {
  const { hasProgram, pulls } = rulesOf(bot);
  if (!hasProgram) return ['takes must be event for kind none, whose messages nobody takes'];
  return [
    ...(pulls && bot.api !== 'manager'
      ? ['api must be manager for a bot that takes messages, since the manager answers its kf/sync_msg']
      : []),
    ...(corpSecret.reveal() === ''
      ? ['corpSecret is missing: the manager pulls with it for a bot that takes messages']
      : []),
  ];
}
