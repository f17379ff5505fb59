import { hash, randomBytes } from 'node:crypto';
import type { KeyPair } from '../keys/shared-keys.js';
import { Secret } from '../../kernel/secret.js';
import type { RecordKind } from '../../storage/records/record-kind.js';
import type { AgentSettings } from './agent.dto.js';
import type { BotForm, BotKind } from './bot-kinds.js';
import type { SessionSettings } from './session.dto.js';
import { accountKey } from '../../kernel/account.js';

/** What goes one after the other: all messages of an account, or only those of the same customer. */
export const MESSAGE_ORDERS = ['account', 'customer'] as const;
export type MessageOrder = (typeof MESSAGE_ORDERS)[number];

/**
 * How a bot calls WeCom. `manager`: at the manager's base URL. `tunnel`: through the manager's tunnel, for programs whose base
 * URL is fixed. `direct`: from an address of its own.
 */
export const BOT_APIS = ['manager', 'tunnel', 'direct'] as const;
export type BotApi = (typeof BOT_APIS)[number];

/**
 * `event`: the bot gets hints, and pulls with a cursor of its own. `message`: the manager pulls, and gives the bot each message
 * and event of the customers, in order; again under the same id only where nobody knows whether the bot took it.
 */
export const BOT_TAKES = ['event', 'message'] as const;
export type BotTakes = (typeof BOT_TAKES)[number];

/** What a bot that takes messages may be given besides customers' messages and events. */
export const INCLUDED = ['servicer'] as const;
export type Included = (typeof INCLUDED)[number];

/** What a bot is given, and since when. */
export interface BotTaking {
  readonly takes: BotTakes;
  readonly order: MessageOrder;
  /** Whether it also gets what servicers write, besides the customers' messages and events. */
  readonly includesServicer: boolean;
  /** It gets only messages that were sent since then; store time. `null` unless it takes messages. */
  readonly takesMessagesSinceMs: number | null;
  /** How it and people share customers; `null` where they do not. Left out by versions that knew no sessions. */
  readonly session?: SessionSettings | null;
}

/** A bot that takes events. Bots that were stored or exported before bots could take messages are read so. */
export const TAKES_EVENTS: BotTaking = {
  takes: 'event',
  order: 'account',
  includesServicer: false,
  takesMessagesSinceMs: null,
  session: null,
};

/** Stands for every account of the corp that no other bot lists and no puppet has registered. */
export const ALL_OTHERS = '*';

/** How long an attempt at a bot may take, or an acknowledgement over a stream: many bots pull before they answer. */
export const BOT_TIMEOUT_MS = { default: 5_000, min: 500, max: 10_000 } as const;

/** How a bot takes callbacks, at its URL or over its stream. */
export interface BotCallback {
  /** The receiver that its callbacks are sealed for. */
  readonly receiveId: string;
  readonly timeoutMs: number;
  /** Left out by versions that knew `wecom` alone. */
  readonly form?: BotForm;
}

/** The secrets of a bot; they are stored as one text. */
export interface BotSecrets extends KeyPair {
  /** Where a callback bot takes callbacks, as an operator gave it; `''` for others. Its query may hold a secret. */
  readonly url: Secret;
  /** `''` when none was given. */
  readonly corpSecret: Secret;
  /** Additional headers of each callback. */
  readonly headers: Readonly<Record<string, Secret>>;
  /**
   * Signs the messages that it is sent (standardwebhooks.com): `whsec_` with base64 of the key. `''` for a bot that was stored
   * before there were signing secrets.
   */
  readonly signingSecret: Secret;
  /** The key of the service that answers; `''` for a bot of another kind. */
  readonly agentKey: Secret;
}

/** A key of a bot. Only its hash is kept. */
export interface BotKey {
  readonly hash: string;
  /** Store time; `null` for the current key. */
  readonly untilMs: number | null;
}

/** A bot that an operator added: it takes the events of kf accounts. A puppet that registers without a bot's key has none. */
export interface Bot extends BotTaking {
  readonly id: string;
  /** For people. */
  readonly name: string;
  readonly corpId: string;
  /** Ids, or `ALL_OTHERS` alone. */
  readonly openKfIds: readonly string[];
  readonly kind: BotKind;
  readonly api: BotApi;
  /** `null` for bots that are sent no callbacks. */
  readonly callback: BotCallback | null;
  /** The service that answers; `null` for bots of other kinds. Left out by versions that knew no agents. */
  readonly agent?: AgentSettings | null;
  /** Nothing is sent to it, and what comes is kept. Left out by versions that knew no pause. */
  readonly paused?: boolean;
  /** `BotSecrets` as JSON; `''` when they are stored sealed and could not be opened. */
  readonly secrets: Secret;
  /** The current one first. */
  readonly keys: readonly BotKey[];
  /** Store time, epoch milliseconds. */
  readonly createdAtMs: number;
  /** A new one with each change. */
  readonly revision: string;
}

/** Far more than an operator adds by hand, and few enough for each replica to keep all of them in memory. */
export const BOTS_MAX = 1_000;

/** The bots that operators added. No two of a corp list the same account, or take all others. */
export const BOTS: RecordKind<Bot> = {
  name: 'bots',
  keyOf: ({ id }) => id,
  uniqueKeysOf: ({ corpId, openKfIds }) => openKfIds.map((openKfId) => accountKey({ corpId, openKfId })),
  sealed: { at: ['secrets'], boundTo: ['corpId'] },
  isPolled: true,
};

/**
 * For `Records.change`: puts `bot` in the place of the stored one of this revision. Gives `null` if somebody else has changed or
 * removed that. Safe to repeat.
 */
export function replacing(bot: Bot, revision: string): (before: Bot | null) => Bot | null {
  return (before) => (before?.revision === revision || before?.revision === bot.revision ? bot : null);
}

/** Accounts of the corp that the bot lists. */
export function listedIn({ openKfIds }: Pick<Bot, 'openKfIds'>): readonly string[] {
  return openKfIds.filter((id) => id !== ALL_OTHERS);
}

export function takesAllOthers({ openKfIds }: Pick<Bot, 'openKfIds'>): boolean {
  return openKfIds.includes(ALL_OTHERS);
}

/** Every key begins with it, so that scanners for leaked secrets recognize a key. */
export const KEY_PREFIX = 'wxkf_';

/** A key has 256 bits, so its hash cannot be reversed by trying. */
export function hashOfKey(key: string): string {
  return hash('sha256', `bot key ${key}`, 'base64url');
}

/** Standard Webhooks asks for a key of 24 to 64 bytes. */
const SIGNING_BYTES = 32;
export const SIGNING_SECRET_FORMAT = {
  pattern: /^whsec_[A-Za-z0-9+/]{32,43}={0,2}$/,
  expected: '"whsec_" with 24 to 32 bytes in base64',
};

export function makeSigningSecret(): Secret {
  return new Secret(`whsec_${randomBytes(SIGNING_BYTES).toString('base64')}`);
}

export function toSecretsText({
  url,
  callbackToken,
  encodingAESKey,
  corpSecret,
  headers,
  signingSecret,
  agentKey,
}: BotSecrets): Secret {
  const values = Object.entries(headers).map(([name, value]) => [name, value.reveal()]);
  return new Secret(
    JSON.stringify({
      url: url.reveal(),
      token: callbackToken.reveal(),
      encodingAESKey: encodingAESKey.reveal(),
      corpSecret: corpSecret.reveal(),
      headers: Object.fromEntries(values),
      signingSecret: signingSecret.reveal(),
      ...(agentKey.reveal() !== '' && { agentKey: agentKey.reveal() }),
    }),
  );
}

/** @returns `null` when they could not be opened, or are not what this version writes. */
export function readSecrets({ secrets }: Pick<Bot, 'secrets'>): BotSecrets | null {
  try {
    const stored = JSON.parse(secrets.reveal()) as Stored;
    const { url, token, encodingAESKey, corpSecret, headers, signingSecret = '', agentKey = '' } = stored;
    const texts: unknown[] = [
      url,
      token,
      encodingAESKey,
      corpSecret,
      ...Object.values(headers),
      signingSecret,
      agentKey,
    ];
    if (!texts.every((text) => typeof text === 'string')) return null;
    return {
      url: new Secret(url),
      callbackToken: new Secret(token),
      encodingAESKey: new Secret(encodingAESKey),
      corpSecret: new Secret(corpSecret),
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, new Secret(value)])),
      signingSecret: new Secret(signingSecret),
      agentKey: new Secret(agentKey),
    };
  } catch {
    return null;
  }
}

interface Stored {
  readonly url: string;
  readonly token: string;
  readonly encodingAESKey: string;
  readonly corpSecret: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signingSecret?: string;
  readonly agentKey?: string;
}
