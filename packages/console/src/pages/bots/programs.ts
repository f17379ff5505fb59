/**
 * What each program needs in order to stand behind the manager, as its own source has it: what its settings are called,
 * where it takes callbacks, and how it reaches WeCom. Sentences about it are in the dictionaries, by the names used here.
 */
import type { BotAnswer } from '../../api/answers.gen.js';

type BotKind = BotAnswer['kind'];
export type BotApi = BotAnswer['api'];
export type BotTakes = BotAnswer['takes'];

/** What the console knows to put into a setting. */
export type Filling =
  | 'corpId'
  | 'account'
  | 'token'
  | 'encodingAESKey'
  | 'key'
  | 'cgiBinBase'
  | 'hostBase'
  | 'proxy'
  | 'noProxy'
  | 'puppetEndpoint'
  | 'connect'
  | 'path'
  | 'port'
  | 'manager'
  | 'signingSecret';

/** What the person knows who sets the program up. */
export type ByHand =
  | 'secret'
  | 'account'
  | 'accountName'
  | 'agentId'
  | 'selfEndpoint'
  | 'appToken'
  | 'appKey';

/** `name` is the program's own word; null for a program that is not known. */
type Setting =
  | { readonly name: string | null; readonly is: Filling }
  | { readonly name: string; readonly byHand: ByHand }
  | { readonly name: string; readonly value: string };

/** Where a person finds the settings of a group. */
export type Place =
  | 'langbotForm'
  | 'astrbotForm'
  | 'pandawikiForm'
  | 'configFile'
  | 'openclawFile'
  | 'environment'
  | 'shell'
  | 'any';

interface Group {
  readonly place: Place;
  readonly settings: readonly Setting[];
  /** Only for bots that call WeCom in this way. */
  readonly only?: BotApi;
}

/** What one has to know of a program besides its settings. */
export type Note =
  | 'addressAfterSave'
  | 'langbotOlder'
  | 'unifiedWebhook'
  | 'kfName'
  | 'baseAndTunnel'
  | 'ownProxy'
  | 'firstSkipped'
  | 'fixedPath'
  | 'oneAccount'
  | 'openKfId'
  | 'knowledgeBase'
  | 'enablePandawiki'
  | 'lastOnly'
  | 'refusesEvents'
  | 'forgetsCursor'
  | 'tunnelsOn'
  | 'proxyForAll'
  | 'centerEndpoint'
  | 'keepConnecting'
  | 'anyHttp';

export interface Program {
  /** As its makers write it; null where the dictionaries have a word for it. */
  readonly title: string | null;
  readonly kind: BotKind;
  /** What it is able to; a person chooses where it is null. */
  readonly api: BotApi | null;
  /** Where it takes callbacks when it runs beside the manager. null: nothing is sent to a URL. */
  readonly url: string | null;
  /** What is sent there: each message itself as JSON; WeCom's callbacks if it is left out. */
  readonly form?: 'json';
  /** Headers that its callbacks need. */
  readonly headers: readonly string[];
  /** Whether it gets access tokens from WeCom directly, and uses them at the manager's base. */
  readonly corpSecret: 'required' | 'optional' | 'useless';
  /** Best for programs that keep no cursor, or lose it; impossible where the manager cannot answer their pulls. */
  readonly messages: 'only' | 'best' | 'possible' | 'impossible';
  readonly groups: readonly Group[];
  readonly notes: readonly Note[];
}

const TUNNEL: Group = {
  place: 'environment',
  settings: [
    { name: 'HTTPS_PROXY', is: 'proxy' },
    { name: 'NO_PROXY', is: 'noProxy' },
  ],
};

const DEFAULTS = { kind: 'callback', headers: [], corpSecret: 'useless', messages: 'impossible' } as const;

/** What does not happen to a program that is told of events alone. */
export const OF_MESSAGES: ReadonlySet<Note> = new Set(['refusesEvents']);
/** What does not happen to a program that is given messages. */
export const OF_EVENTS: ReadonlySet<Note> = new Set(['firstSkipped', 'lastOnly', 'forgetsCursor']);

export const PROGRAMS = {
  /** A service answers. */
  agent: {
    ...DEFAULTS,
    title: null,
    kind: 'agent',
    api: 'manager',
    messages: 'only',
    url: null,
    groups: [],
    notes: [],
  },
  langbot: {
    ...DEFAULTS,
    title: 'LangBot',
    api: 'manager',
    messages: 'best',
    url: 'http://127.0.0.1:5300/bots/',
    groups: [
      {
        place: 'langbotForm',
        settings: [
          { name: 'corpid', is: 'corpId' },
          { name: 'secret', byHand: 'secret' },
          { name: 'token', is: 'token' },
          { name: 'EncodingAESKey', is: 'encodingAESKey' },
          { name: 'api_base_url', is: 'cgiBinBase' },
        ],
      },
    ],
    notes: ['addressAfterSave', 'langbotOlder', 'forgetsCursor'],
  },
  astrbot: {
    ...DEFAULTS,
    title: 'AstrBot',
    api: 'manager',
    messages: 'best',
    url: 'http://127.0.0.1:6185/api/platform/webhook/',
    // Its gettoken goes to WeCom whatever its base is.
    corpSecret: 'required',
    groups: [
      {
        place: 'astrbotForm',
        settings: [
          { name: 'corpid', is: 'corpId' },
          { name: 'secret', byHand: 'secret' },
          { name: 'token', is: 'token' },
          { name: 'encoding_aes_key', is: 'encodingAESKey' },
          { name: 'kf_name', byHand: 'accountName' },
          { name: 'api_base_url', is: 'cgiBinBase' },
        ],
      },
      TUNNEL,
    ],
    notes: [
      'addressAfterSave',
      'unifiedWebhook',
      'kfName',
      'baseAndTunnel',
      'ownProxy',
      'tunnelsOn',
      'proxyForAll',
      'lastOnly',
      'refusesEvents',
    ],
  },
  cowagent: {
    ...DEFAULTS,
    title: 'CowAgent',
    api: 'tunnel',
    url: 'http://127.0.0.1:9888/wxkf/',
    groups: [
      {
        place: 'configFile',
        settings: [
          { name: 'channel_type', value: 'wechat_kf' },
          { name: 'wechat_kf_corp_id', is: 'corpId' },
          { name: 'wechat_kf_secret', byHand: 'secret' },
          { name: 'wechat_kf_token', is: 'token' },
          { name: 'wechat_kf_aes_key', is: 'encodingAESKey' },
          { name: 'wechat_kf_port', is: 'port' },
        ],
      },
      TUNNEL,
    ],
    notes: ['fixedPath', 'tunnelsOn', 'proxyForAll', 'firstSkipped'],
  },
  openclaw: {
    ...DEFAULTS,
    title: 'OpenClaw (wecom-kf)',
    api: 'manager',
    messages: 'possible',
    url: 'http://127.0.0.1:18789/wecom-kf',
    groups: [
      {
        place: 'openclawFile',
        settings: [
          { name: 'enabled', value: 'true' },
          { name: 'corpId', is: 'corpId' },
          { name: 'corpSecret', byHand: 'secret' },
          { name: 'openKfId', is: 'account' },
          { name: 'token', is: 'token' },
          { name: 'encodingAESKey', is: 'encodingAESKey' },
          { name: 'webhookPath', is: 'path' },
          { name: 'apiBaseUrl', is: 'hostBase' },
        ],
      },
    ],
    notes: ['openKfId'],
  },
  difyOnWechat: {
    ...DEFAULTS,
    title: 'dify-on-wechat',
    api: 'tunnel',
    url: 'http://127.0.0.1:9898/wxcomapp',
    groups: [
      {
        place: 'configFile',
        settings: [
          { name: 'channel_type', value: 'wechatcom_service' },
          { name: 'wechatcom_corp_id', is: 'corpId' },
          { name: 'wechatcomapp_secret', byHand: 'secret' },
          { name: 'wechatcomapp_agent_id', byHand: 'agentId' },
          { name: 'wechatcomapp_token', is: 'token' },
          { name: 'wechatcomapp_aes_key', is: 'encodingAESKey' },
          { name: 'wechatcomapp_port', is: 'port' },
        ],
      },
      TUNNEL,
    ],
    notes: ['fixedPath', 'tunnelsOn', 'proxyForAll', 'lastOnly'],
  },
  pandawiki: {
    ...DEFAULTS,
    title: 'PandaWiki',
    api: 'tunnel',
    url: 'http://127.0.0.1/share/v1/app/wechat/service',
    headers: ['X-KB-ID'],
    groups: [
      {
        place: 'pandawikiForm',
        settings: [
          { name: '企业 ID', is: 'corpId' },
          { name: 'Corp Secret', byHand: 'secret' },
          { name: 'Token', is: 'token' },
          { name: 'Encoding Aes Key', is: 'encodingAESKey' },
        ],
      },
      TUNNEL,
    ],
    notes: ['enablePandawiki', 'knowledgeBase', 'tunnelsOn', 'proxyForAll', 'lastOnly'],
  },
  /** Written for this: 30 lines, without WeCom's cipher, a cursor or a registration. */
  own: {
    ...DEFAULTS,
    title: null,
    api: 'manager',
    messages: 'only',
    url: 'http://127.0.0.1:8080/',
    form: 'json',
    groups: [
      {
        place: 'environment',
        settings: [
          { name: 'MANAGER_URL', is: 'manager' },
          { name: 'BOT_KEY', is: 'key' },
          { name: 'SIGNING_SECRET', is: 'signingSecret' },
          { name: 'CORP_ID', is: 'corpId' },
          { name: 'PORT', is: 'port' },
        ],
      },
    ],
    notes: ['anyHttp'],
  },
  puppet: {
    ...DEFAULTS,
    title: 'wechaty-puppet-wxkf',
    kind: 'puppet',
    api: 'manager',
    messages: 'possible',
    url: null,
    groups: [
      {
        place: 'environment',
        settings: [
          { name: 'PUPPET_WXKF_MANAGER_ENDPOINT', is: 'puppetEndpoint' },
          { name: 'PUPPET_WXKF_SELF_ENDPOINT', byHand: 'selfEndpoint' },
          { name: 'PUPPET_WXKF_WECOM_CORP_ID', is: 'corpId' },
          { name: 'PUPPET_WXKF_WECOM_CORP_SECRET', byHand: 'secret' },
          { name: 'PUPPET_WXKF_WECOM_KF_OPEN_ID', is: 'account' },
          { name: 'PUPPET_WXKF_WECOM_APP_TOKEN', byHand: 'appToken' },
          { name: 'PUPPET_WXKF_WECOM_APP_AES_KEY', byHand: 'appKey' },
        ],
      },
    ],
    notes: ['oneAccount', 'centerEndpoint'],
  },
  other: {
    ...DEFAULTS,
    title: null,
    api: null,
    messages: 'possible',
    url: 'http://127.0.0.1:8080/callback',
    corpSecret: 'optional',
    groups: [
      {
        place: 'any',
        settings: [
          { name: null, is: 'corpId' },
          { name: null, is: 'token' },
          { name: null, is: 'encodingAESKey' },
        ],
      },
      {
        place: 'any',
        only: 'manager',
        settings: [
          { name: null, is: 'cgiBinBase' },
          { name: null, is: 'hostBase' },
        ],
      },
      { ...TUNNEL, only: 'tunnel' },
    ],
    notes: [],
  },
  /** On a laptop, or behind NAT: `connect` runs beside it. */
  noAddress: {
    ...DEFAULTS,
    title: null,
    kind: 'stream',
    api: null,
    messages: 'possible',
    url: null,
    groups: [
      {
        place: 'any',
        settings: [
          { name: null, is: 'corpId' },
          { name: null, is: 'token' },
          { name: null, is: 'encodingAESKey' },
        ],
      },
      { place: 'any', only: 'manager', settings: [{ name: null, is: 'cgiBinBase' }] },
      { ...TUNNEL, only: 'tunnel' },
      { place: 'shell', settings: [{ name: null, is: 'connect' }] },
    ],
    notes: ['keepConnecting'],
  },
  /** People serve the accounts. */
  people: {
    ...DEFAULTS,
    title: null,
    kind: 'none',
    api: 'manager',
    url: null,
    groups: [],
    notes: [],
  },
} as const satisfies Readonly<Record<string, Program>>;

export type ProgramName = keyof typeof PROGRAMS;
