import { hash, randomBytes } from 'node:crypto';
import type { KeyPair } from '../keys/shared-keys.js';
import { Secret } from '../../kernel/secret.js';
import type { AgentSettings } from './agent.dto.js';
import type { SessionSettings } from './session.dto.js';

/**
 * `callback`: the manager sends it callbacks in WeCom's own form. `puppet`: it registers itself, with the bot's key. `stream`:
 * it opens a connection and gets its events over that. `none`: there is no bot; people serve the accounts, so that their
 * events go to nobody and wait for nobody. `agent`: there is no program; the manager asks a service about each message and sends its
 * answer.
 */
export const BOT_KINDS = ['callback', 'puppet', 'stream', 'none', 'agent'] as const;
export type BotKind = (typeof BOT_KINDS)[number];

/**
 * What a callback bot is sent at its URL. `wecom`: callbacks in WeCom's own form. `json`: each message itself, signed, as a puppet
 * that takes messages gets it.
 */
export const BOT_FORMS = ['wecom', 'json'] as const;
export type BotForm = (typeof BOT_FORMS)[number];

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
export type IncludedSender = (typeof INCLUDED)[number];

/** Stands for every account of the corp that no other bot lists and no puppet has registered. */
export const ALL_OTHERS = '*';

/** How long an attempt at a bot may take, or an acknowledgement over a stream: many bots pull before they answer. */
export const BOT_TIMEOUT_MS = { default: 5_000, min: 500, max: 10_000 } as const;

/** Far more than an operator adds by hand, and few enough for each replica to keep all of them in memory. */
export const BOTS_MAX = 1_000;

/** What an operator decides about a bot of any kind. */
interface Common {
  /** For people. */
  readonly name: string;
  readonly corpId: string;
  /** Ids, or `ALL_OTHERS` alone. */
  readonly openKfIds: readonly string[];
  readonly api: BotApi;
  /** Nothing is sent to it, and what comes is kept. */
  readonly paused: boolean;
  readonly takes: BotTakes;
  readonly order: MessageOrder;
  /** Whether it also gets what servicers write, besides the customers' messages and events. */
  readonly includesServicer: boolean;
  /** It gets only messages that were sent since then; store time. `null` unless it takes messages. */
  readonly takesMessagesSinceMs: number | null;
  /** How it and people share customers; `null` where they do not. */
  readonly session: SessionSettings | null;
}

/** What a bot of any kind has that nothing was said of, also one that was stored or exported before that could be said. */
export const BOT_DEFAULTS = {
  paused: false,
  takes: 'event',
  order: 'account',
  includesServicer: false,
  takesMessagesSinceMs: null,
  session: null,
} as const satisfies Partial<Common>;

interface Secrets {
  /** `''` when none was given. */
  readonly corpSecret: Secret;
  /**
   * Signs the messages that it is sent (standardwebhooks.com): `whsec_` with base64 of the key. `''` for a bot that was stored
   * before there were signing secrets.
   */
  readonly signingSecret: Secret;
}

/** How a bot takes callbacks. */
interface Callback {
  /** The receiver that they are sealed for. */
  readonly receiveId: string;
  readonly timeoutMs: number;
}

/** @template S its secrets; `null` when they are stored sealed and could not be opened. */
interface OfKind<K extends BotKind, S extends Secrets = Secrets> {
  readonly kind: K;
  readonly secrets: S | null;
}

interface CallbackKind extends OfKind<'callback', CallbackSecrets> {
  readonly callback: Callback & { readonly form: BotForm };
}

/** Its keys are `''` while its form is `json`. */
interface CallbackSecrets extends Secrets, KeyPair {
  /** Where it takes callbacks, as an operator gave it. Its query may hold a secret. */
  readonly url: Secret;
  /** Additional headers of each callback. */
  readonly headers: Readonly<Record<string, Secret>>;
}

interface StreamKind extends OfKind<'stream', Secrets & KeyPair> {
  readonly callback: Callback;
}

interface AgentKind extends OfKind<'agent', Secrets & { readonly agentKey: Secret }> {
  /** The service that answers. */
  readonly agent: AgentSettings;
}

/** What an operator decides about a bot. */
export type BotSettings = Common &
  (CallbackKind | StreamKind | AgentKind | OfKind<'puppet'> | OfKind<'none'>);

/** A key of a bot. Only its hash is kept. */
export interface BotKey {
  readonly hash: string;
  /** Store time; `null` for the current key. */
  readonly untilMs: number | null;
}

/** A bot that an operator added: it takes the events of kf accounts. A puppet that registers without a bot's key has none. */
export type Bot = BotSettings & {
  readonly id: string;
  /** The current one first. */
  readonly keys: readonly BotKey[];
  /** Store time, epoch milliseconds. */
  readonly createdAtMs: number;
  /** A new one with each change. */
  readonly revision: string;
};

/** A bot whose secrets this process could open. */
export type Open<B extends BotSettings> = B & { readonly secrets: object };

export function isOpen<B extends BotSettings>(bot: B): bot is Open<B> {
  return bot.secrets !== null;
}

/** Whether it opens WeCom's callbacks itself. Its clients may open streams; while one is open, the events go over it. */
export function takesCallbacks<B extends BotSettings>(bot: B): bot is Extract<B, { callback: Callback }> {
  return bot.kind === 'stream' || pulls(bot);
}

/** Whether it is sent a message as a callback, and has taken it once it has answered and pulled. */
export function pulls(bot: BotSettings): boolean {
  return bot.kind === 'callback' && bot.callback.form === 'wecom';
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
