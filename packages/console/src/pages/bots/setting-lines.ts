/** The settings of a program, filled in for one bot. */
import type { BotApi, ByHand, Filling, Place, Program } from './programs.js';

/** What is known of a bot right after it was added. */
export interface BotFacts {
  /** Of the manager, as the program's host reaches it. */
  readonly address: string;
  readonly api: BotApi;
  readonly corpId: string;
  readonly openKfIds: readonly string[];
  /** null for one that registers itself, empty for one that connects. */
  readonly url: string | null;
  readonly key: string;
  /** null for one that registers itself. */
  readonly token: string | null;
  readonly encodingAESKey: string | null;
  readonly signingSecret: string;
}

/** A setting with what to put into it, or with what a person has to look up. */
export type SettingLine =
  | {
      readonly name: string | null;
      readonly filling: Filling | null;
      readonly value: string;
      readonly isSecret: boolean;
    }
  | { readonly name: string | null; readonly byHand: ByHand };

export interface SettingGroup {
  readonly place: Place;
  readonly lines: readonly SettingLine[];
}

const SECRET: ReadonlySet<Filling> = new Set([
  'token',
  'encodingAESKey',
  'key',
  'cgiBinBase',
  'hostBase',
  'proxy',
  'puppetEndpoint',
  'connect',
  'signingSecret',
]);

export function settingGroups({ groups }: Program, facts: BotFacts): readonly SettingGroup[] {
  return groups
    .filter(({ only }) => only === undefined || only === facts.api)
    .map(({ place, settings }) => ({
      place,
      lines: settings.map((setting): SettingLine => {
        if ('byHand' in setting) return setting;
        if ('value' in setting) return { ...setting, filling: null, isSecret: false };
        const { name, is } = setting;
        const value = filled(is, facts);
        return value === null
          ? { name, byHand: 'account' }
          : { name, filling: is, value, isSecret: SECRET.has(is) };
      }),
    }));
}

/** What holds the key, for whoever gets another one: the settings that a bot of this kind may have it in. */
export function keyLines(facts: BotFacts): readonly SettingLine[] {
  const fillings: readonly Filling[] =
    facts.url === null
      ? ['key', 'puppetEndpoint']
      : ['key', ...(facts.url === '' ? (['connect'] as const) : []), ...KEYED[facts.api]];
  return fillings.map((filling) => ({
    name: null,
    filling,
    value: filled(filling, facts) ?? '',
    isSecret: true,
  }));
}

/** Where the program takes callbacks on its own machine, to be replaced. */
const FORWARDED = 'http://127.0.0.1:8080/callback';

/** A program that calls by the base may fetch its access tokens through the tunnel. */
const KEYED: Readonly<Record<BotApi, readonly Filling[]>> = {
  manager: ['cgiBinBase', 'hostBase', 'proxy'],
  tunnel: ['proxy'],
  direct: [],
};

/** @returns null for an account where the bot has several. */
function filled(filling: Filling, facts: BotFacts): string | null {
  const address = facts.address.trim().replace(/\/+$/, '');
  switch (filling) {
    case 'corpId':
      return facts.corpId;
    case 'account':
      return onlyAccount(facts.openKfIds);
    case 'token':
      return facts.token ?? '';
    case 'encodingAESKey':
      return facts.encodingAESKey ?? '';
    case 'key':
      return facts.key;
    case 'cgiBinBase':
      return `${address}/bot/${facts.key}/cgi-bin`;
    case 'hostBase':
      return `${address}/bot/${facts.key}`;
    case 'proxy':
      return withPassword(address, 'bot', facts.key);
    case 'puppetEndpoint':
      return withPassword(address, 'puppet', facts.key);
    case 'connect':
      return `WXKF_KEY=${facts.key} wxkf-manager connect --manager ${address} --forward ${FORWARDED}`;
    case 'noProxy':
      return ['localhost', '127.0.0.1', toUrl(address)?.hostname].filter(isNew).join(',');
    case 'manager':
      return address;
    case 'signingSecret':
      return facts.signingSecret;
    case 'path':
      return toUrl(facts.url)?.pathname ?? '';
    case 'port':
      return portOf(toUrl(facts.url));
    default:
      return filling satisfies never;
  }
}

function onlyAccount(openKfIds: readonly string[]): string | null {
  const [first] = openKfIds;
  return openKfIds.length === 1 && first !== undefined && first !== '*' ? first : null;
}

/** By text, so that an address that is being typed is not bent. */
function withPassword(address: string, user: string, key: string): string {
  return address.replace('://', `://${user}:${key}@`);
}

function toUrl(text: string | null): URL | null {
  return text !== null && URL.canParse(text) ? new URL(text) : null;
}

function portOf(url: URL | null): string {
  if (url === null) return '';
  return url.port || (url.protocol === 'https:' ? '443' : '80');
}

function isNew(
  text: string | undefined,
  index: number,
  all: readonly (string | undefined)[],
): text is string {
  return text !== undefined && all.indexOf(text) === index;
}
