/**
 * A bot as stores have it: the body that the class of its kind accepts, but for its secrets, which are one text, and two fields that have
 * other names. 2.1.0 wrote it so, and reads it: replicas of both versions may run beside each other.
 */
import { Secret } from '../../kernel/secret.js';
import { accountKey } from '../../kernel/account.js';
import type { RecordKind } from '../../storage/records/record-kind.js';
import { AGENT_DEFAULTS, type AgentSettings, readAgent } from './agent.dto.js';
import type { Bot, MadeHere } from './bot.js';
import {
  BOT_DEFAULTS,
  type BotCallbackDto,
  type BotCallbackFieldsDto,
  CALLBACK_DEFAULTS,
} from './bot.dto.js';
import type { KindDto } from './kinds.dto.js';
import { readSession } from './session.dto.js';

/** What 2.0.0 knew already. Versions before may have left out any other field. */
type First = 'name' | 'corpId' | 'openKfIds' | 'kind' | 'api';
type FirstOfCallbacks = 'receiveId' | 'timeoutMs';

/** What an operator decides. */
export interface StoredSettings extends Pick<Bot, First>, Partial<Pick<Bot, keyof typeof BOT_DEFAULTS>> {
  /** `null` for kinds that are sent no callbacks. */
  readonly callback:
    | (Pick<BotCallbackFieldsDto, FirstOfCallbacks> & Partial<Omit<BotCallbackFieldsDto, 'url'>>)
    | null;
  /** `null` for other kinds than `agent`. */
  readonly agent?: AgentSettings | null;
  /** `SecretTexts` as JSON; `''` when they are stored sealed and could not be opened. */
  readonly secrets: Secret;
}

export interface StoredBot extends StoredSettings, MadeHere {}

/** The bots that operators added. No two of a corp list the same account, or take all others. */
export const BOTS: RecordKind<StoredBot> = {
  name: 'bots',
  keyOf: ({ id }) => id,
  uniqueKeysOf: ({ corpId, openKfIds }) => openKfIds.map((openKfId) => accountKey({ corpId, openKfId })),
  sealed: { at: ['secrets'], boundTo: ['corpId'] },
  isPolled: true,
};

/**
 * For `Records.change`: puts what `make` makes in the place of the stored bot of revision `before`. Gives `null` if somebody else has
 * changed or removed that. Safe to repeat.
 * @param after its revision then.
 */
export function replacing(
  before: string,
  after: string,
  make: (stored: StoredBot) => StoredBot,
): (stored: StoredBot | null) => StoredBot | null {
  return (stored) =>
    stored?.revision === before || stored?.revision === after ? { ...make(stored), revision: after } : null;
}

/** Reads what any version stored. */
export function readBot({ kind, callback, agent, secrets: text, ...same }: StoredBot): Bot {
  const common = { ...BOT_DEFAULTS, ...same };
  const opened = readSecrets(text);
  const { url, headers, agentKey, callbackToken, encodingAESKey, ...secrets } = opened ?? NONE;
  const pair = { callbackToken, encodingAESKey };
  const called = { receiveId: same.corpId, ...CALLBACK_DEFAULTS, ...callback };
  switch (kind) {
    case 'callback':
      return { ...common, kind, callback: called, secrets: opened && { ...secrets, ...pair, url, headers } };
    case 'stream': {
      const { form: _, ...given } = called;
      return { ...common, kind, callback: given, secrets: opened && { ...secrets, ...pair } };
    }
    case 'agent': {
      const settings = { ...AGENT_DEFAULTS, ...agent };
      return { ...common, kind, agent: settings, secrets: opened && { ...secrets, agentKey } };
    }
    default:
      return { ...common, kind, secrets: opened && secrets };
  }
}

/** @param body with its secrets in the clear; also one that was stored before a rule of its class. */
export function toStored(body: KindDto, signingSecret: Secret): StoredSettings {
  const { callback: _, agent, corpSecret = '', order, include, since, session, ...same } = body;
  const callback: BotCallbackDto | undefined = body.callback;
  const { url = '', token = '', encodingAESKey = '', headers = {}, ...called } = callback ?? {};
  const texts: SecretTexts = {
    ...{ url, token, encodingAESKey, corpSecret, headers },
    ...{ signingSecret: signingSecret.reveal(), agentKey: agent?.key },
  };
  return {
    ...{ ...BOT_DEFAULTS, ...same },
    ...(order && { order }),
    includesServicer: include?.includes('servicer') ?? false,
    takesMessagesSinceMs: since ? Date.parse(since) : null,
    session: session ? readSession(session) : null,
    callback: callback ? { receiveId: body.corpId, ...CALLBACK_DEFAULTS, ...called } : null,
    agent: agent ? readAgent({ ...AGENT_DEFAULTS, ...agent }) : null,
    secrets: new Secret(JSON.stringify(texts)),
  };
}

/** The secrets of all kinds, `''` for each that the bot has not. Versions before left out the optional ones. */
interface SecretTexts {
  readonly url: string;
  readonly token: string;
  readonly encodingAESKey: string;
  readonly corpSecret: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signingSecret?: string | undefined;
  readonly agentKey?: string | undefined;
}

/** @returns `null` when they could not be opened, or are not what a version writes. */
function readSecrets(text: Secret): typeof NONE | null {
  try {
    const texts = JSON.parse(text.reveal()) as SecretTexts;
    const { headers, ...others } = texts;
    const { url, token, encodingAESKey, corpSecret, signingSecret = '', agentKey = '' } = others;
    const all: unknown[] = [url, token, encodingAESKey, corpSecret, signingSecret, agentKey];
    const areTexts = [...all, ...Object.values(headers)].every((one) => typeof one === 'string');
    return areTexts ? toSecrets(texts) : null;
  } catch {
    return null;
  }
}

function toSecrets({ token, signingSecret = '', agentKey = '', headers, ...texts }: SecretTexts) {
  const values = Object.entries(headers).map(([name, value]) => [name, new Secret(value)] as const);
  return {
    url: new Secret(texts.url),
    callbackToken: new Secret(token),
    encodingAESKey: new Secret(texts.encodingAESKey),
    corpSecret: new Secret(texts.corpSecret),
    headers: Object.fromEntries(values),
    signingSecret: new Secret(signingSecret),
    agentKey: new Secret(agentKey),
  };
}

const NO_TEXTS: SecretTexts = { url: '', token: '', encodingAESKey: '', corpSecret: '', headers: {} };
const NONE = toSecrets(NO_TEXTS);
