import { hash, randomBytes } from 'node:crypto';
import type { KeyPair } from '../keys/shared-keys.js';
import { Secret } from '../../kernel/secret.js';
import type { AgentSettings } from './agent.dto.js';
import type { BotCallbackFieldsDto, BotDto } from './bot.dto.js';
import { ALL_OTHERS, type BotForm, type BotKind, type MessageOrder } from './bot-values.js';

/** Far more than an operator adds by hand, and few enough for each replica to keep all of them in memory. */
export const BOTS_MAX = 1_000;

/** What an operator decides about a bot of any kind: as in requests, but for what is easier to use in another type. */
interface Common extends Omit<BotDto, 'kind' | 'openKfIds' | 'order' | 'include' | 'since'> {
  /** Ids, or `ALL_OTHERS` alone. */
  readonly openKfIds: readonly string[];
  readonly order: MessageOrder;
  /** Whether it also gets what servicers write, besides the customers' messages and events. */
  readonly includesServicer: boolean;
  /** It gets only messages that were sent since then; store time. `null` unless it takes messages. */
  readonly takesMessagesSinceMs: number | null;
}

/** How a bot takes callbacks. */
type Callback = Omit<BotCallbackFieldsDto, 'url' | 'form'>;

interface Secrets {
  /** `''` when none was given. */
  readonly corpSecret: Secret;
  /**
   * Signs the messages that it is sent (standardwebhooks.com): `whsec_` with base64 of the key. `''` for a bot that was stored
   * before there were signing secrets.
   */
  readonly signingSecret: Secret;
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

/** A key of a bot. Only its hash is kept. */
export interface BotKey {
  readonly hash: string;
  /** Store time; `null` for the current key. */
  readonly untilMs: number | null;
}

/** What no operator decides. */
export interface MadeHere {
  readonly id: string;
  /** The current one first. */
  readonly keys: readonly BotKey[];
  /** Store time, epoch milliseconds. */
  readonly createdAtMs: number;
  /** A new one with each change. */
  readonly revision: string;
}

/** A bot that an operator added: it takes the events of kf accounts. A puppet that registers without a bot's key has none. */
export type Bot = Common &
  MadeHere &
  (CallbackKind | StreamKind | AgentKind | OfKind<'puppet'> | OfKind<'none'>);

/** A bot whose secrets this process could open. */
export type Open<B extends Bot> = B & { readonly secrets: object };

export function isOpen<B extends Bot>(bot: B): bot is Open<B> {
  return bot.secrets !== null;
}

/** Whether it opens WeCom's callbacks itself. Its clients may open streams; while one is open, the events go over it. */
export function takesCallbacks<B extends Bot>(bot: B): bot is Extract<B, { callback: Callback }> {
  return bot.kind === 'stream' || pulls(bot);
}

/** Whether it is sent a message as a callback, and has taken it once it has answered and pulled. */
export function pulls(bot: Bot): boolean {
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
