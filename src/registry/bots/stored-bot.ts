/**
 * A bot as stores have it: one shape for all kinds, from which each version before left out what it did not know. Only this file reads
 * that shape. It is written so that those versions can read it, too.
 */
import { Secret } from '../../kernel/secret.js';
import { accountKey } from '../../kernel/account.js';
import type { RecordKind } from '../../storage/records/record-kind.js';
import { AGENT_DEFAULTS, type AgentSettings } from './agent.dto.js';
import {
  type Bot,
  BOT_DEFAULTS,
  BOT_TIMEOUT_MS,
  type BotForm,
  type BotKey,
  type BotKind,
  type BotSettings,
  type Open,
} from './bot.js';

/** What 2.0.0 left out, or did not know yet, is optional. */
export interface StoredBot extends Partial<Pick<Bot, keyof typeof BOT_DEFAULTS>> {
  readonly id: string;
  readonly name: string;
  readonly corpId: string;
  readonly openKfIds: readonly string[];
  readonly kind: BotKind;
  readonly api: Bot['api'];
  /** `null` for kinds that are sent no callbacks. */
  readonly callback: {
    readonly receiveId: string;
    readonly timeoutMs: number;
    readonly form?: BotForm;
  } | null;
  /** `null` for other kinds than `agent`. */
  readonly agent?: AgentSettings | null;
  /** The secrets of all kinds as JSON, `''` for each that it has not; `''` when they are stored sealed and could not be opened. */
  readonly secrets: Secret;
  readonly keys: readonly BotKey[];
  readonly createdAtMs: number;
  readonly revision: string;
}

/** The bots that operators added. No two of a corp list the same account, or take all others. */
export const BOTS: RecordKind<StoredBot> = {
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
export function replacing(bot: StoredBot, revision: string): (before: StoredBot | null) => StoredBot | null {
  return (before) => (before?.revision === revision || before?.revision === bot.revision ? bot : null);
}

/** Reads what any version stored. */
export function readBot({ kind, callback, agent, secrets: text, ...same }: StoredBot): Bot {
  const common = { ...BOT_DEFAULTS, ...same };
  const opened = readSecrets(text);
  const { url, headers, agentKey, callbackToken, encodingAESKey, ...secrets } = opened ?? NONE;
  const pair = { callbackToken, encodingAESKey };
  const receiver = { receiveId: same.corpId, timeoutMs: BOT_TIMEOUT_MS.default, ...callback };
  switch (kind) {
    case 'callback': {
      const given = { form: 'wecom', ...receiver } as const;
      return { ...common, kind, callback: given, secrets: opened && { ...secrets, ...pair, url, headers } };
    }
    case 'stream': {
      const { receiveId, timeoutMs } = receiver;
      return {
        ...common,
        kind,
        callback: { receiveId, timeoutMs },
        secrets: opened && { ...secrets, ...pair },
      };
    }
    case 'agent': {
      const settings = { ...AGENT_DEFAULTS, ...agent };
      return { ...common, kind, agent: settings, secrets: opened && { ...secrets, agentKey } };
    }
    default:
      return { ...common, kind, secrets: opened && secrets };
  }
}

export function toStored({ secrets, ...same }: Open<Bot>): StoredBot {
  return { callback: null, agent: null, ...same, secrets: toText(secrets) };
}

/** The secrets that a bot of some kind has. */
interface AllSecrets extends Secrets<'callback'>, Secrets<'agent'> {}

type Secrets<K extends BotKind> = NonNullable<Extract<BotSettings, { kind: K }>['secrets']>;

const EMPTY = new Secret('');
const NONE: AllSecrets = {
  url: EMPTY,
  callbackToken: EMPTY,
  encodingAESKey: EMPTY,
  corpSecret: EMPTY,
  headers: {},
  signingSecret: EMPTY,
  agentKey: EMPTY,
};

function toText(given: Partial<AllSecrets>): Secret {
  const { url, callbackToken, encodingAESKey, corpSecret, headers, signingSecret, agentKey } = {
    ...NONE,
    ...given,
  };
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

interface SecretTexts {
  readonly url: string;
  readonly token: string;
  readonly encodingAESKey: string;
  readonly corpSecret: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signingSecret?: string;
  readonly agentKey?: string;
}

/** @returns `null` when they could not be opened, or are not what this version writes. */
function readSecrets(text: Secret): AllSecrets | null {
  try {
    const stored = JSON.parse(text.reveal()) as SecretTexts;
    const { url, token, encodingAESKey, corpSecret, headers, signingSecret = '', agentKey = '' } = stored;
    const values = Object.values(headers);
    const texts: unknown[] = [url, token, encodingAESKey, corpSecret, ...values, signingSecret, agentKey];
    if (!texts.every((one) => typeof one === 'string')) return null;
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
