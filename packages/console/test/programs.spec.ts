/** What the console tells people to put into the settings of each program. */
import { describe, expect, it } from '@jest/globals';
import { readAccountIds } from '../src/pages/bots/account-ids.js';
import { type BotApi, PROGRAMS, type Program, type ProgramName } from '../src/pages/bots/programs.js';
import { type BotFacts, keyLines, settingGroups, type SettingLine } from '../src/pages/bots/setting-lines.js';
import { verifyFinding } from '../src/pages/bots/verify-finding.js';
import { chinese } from '../src/i18n/chinese.js';
import { english } from '../src/i18n/english.js';
import { accountsOf, draftFor, hasSettings, toNewBot } from '../src/pages/bots/draft.js';

const KEY = 'wxkf_key-of-the-tests';
/** The kinds that open callbacks. */
const OPENS = new Set(['callback', 'stream']);
const NAMES = Object.keys(PROGRAMS) as ProgramName[];

function factsOf(name: ProgramName, changes: Partial<BotFacts> = {}): BotFacts {
  const { api, url, kind }: Program = PROGRAMS[name];
  return {
    address: 'https://wxkf.example.com:7777/',
    api: api ?? 'manager',
    corpId: 'ww1',
    openKfIds: ['wkA'],
    url: kind === 'stream' ? '' : url,
    key: KEY,
    token: OPENS.has(kind) ? 'callbackToken' : null,
    encodingAESKey: OPENS.has(kind) ? 'aesKey' : null,
    signingSecret: 'whsec_of-the-tests',
    ...changes,
  };
}

/** As a person reads them: name, then what goes in, or what is to be looked up. */
function settings(name: ProgramName, changes?: Partial<BotFacts>): Record<string, string> {
  const lines = settingGroups(PROGRAMS[name], factsOf(name, changes)).flatMap((group) => group.lines);
  return Object.fromEntries(lines.map((line) => [nameOf(line), valueOf(line)]));
}

function nameOf(line: SettingLine): string {
  return line.name ?? ('filling' in line ? String(line.filling) : '');
}

function valueOf(line: SettingLine): string {
  return 'byHand' in line ? `<${line.byHand}>` : line.value;
}

describe('the settings of', () => {
  it('LangBot take the key in a base that ends in /cgi-bin', () => {
    expect(settings('langbot')).toEqual({
      corpid: 'ww1',
      secret: '<secret>',
      token: 'callbackToken',
      EncodingAESKey: 'aesKey',
      api_base_url: `https://wxkf.example.com:7777/bot/${KEY}/cgi-bin`,
    });
  });

  it('AstrBot take base and tunnel, and switch customer service on', () => {
    expect(settings('astrbot')).toEqual({
      corpid: 'ww1',
      secret: '<secret>',
      token: 'callbackToken',
      encoding_aes_key: 'aesKey',
      kf_name: '<accountName>',
      api_base_url: `https://wxkf.example.com:7777/bot/${KEY}/cgi-bin`,
      HTTPS_PROXY: `https://bot:${KEY}@wxkf.example.com:7777`,
      NO_PROXY: 'localhost,127.0.0.1,wxkf.example.com',
    });
  });

  it('CowAgent take the tunnel, and the port of its URL', () => {
    expect(settings('cowagent', { address: 'http://127.0.0.1:7777' })).toEqual({
      channel_type: 'wechat_kf',
      wechat_kf_corp_id: 'ww1',
      wechat_kf_secret: '<secret>',
      wechat_kf_token: 'callbackToken',
      wechat_kf_aes_key: 'aesKey',
      wechat_kf_port: '9888',
      HTTPS_PROXY: `http://bot:${KEY}@127.0.0.1:7777`,
      NO_PROXY: 'localhost,127.0.0.1',
    });
  });

  it('OpenClaw’s plugins take a base without /cgi-bin, and the path of their URL', () => {
    expect(settings('openclaw', { url: 'https://gateway.example.com/wecom-kf/sales' })).toEqual({
      enabled: 'true',
      corpId: 'ww1',
      corpSecret: '<secret>',
      openKfId: 'wkA',
      token: 'callbackToken',
      encodingAESKey: 'aesKey',
      webhookPath: '/wecom-kf/sales',
      apiBaseUrl: `https://wxkf.example.com:7777/bot/${KEY}`,
    });
  });

  it('dify-on-wechat take the tunnel', () => {
    expect(settings('difyOnWechat')).toMatchObject({
      channel_type: 'wechatcom_service',
      wechatcomapp_agent_id: '<agentId>',
      wechatcomapp_port: '9898',
      HTTPS_PROXY: `https://bot:${KEY}@wxkf.example.com:7777`,
    });
  });

  it('PandaWiki are in its own words', () => {
    expect(Object.keys(settings('pandawiki'))).toEqual([
      ...['企业 ID', 'Corp Secret', 'Token', 'Encoding Aes Key'],
      ...['HTTPS_PROXY', 'NO_PROXY'],
    ]);
  });

  it('an own program take what its code reads from the environment', () => {
    expect(settings('own', { address: 'http://127.0.0.1:7777/' })).toEqual({
      MANAGER_URL: 'http://127.0.0.1:7777',
      BOT_KEY: KEY,
      SIGNING_SECRET: 'whsec_of-the-tests',
      CORP_ID: 'ww1',
      PORT: '8080',
    });
  });

  it('a puppet take the key as the password of the manager’s address', () => {
    expect(settings('puppet')).toMatchObject({
      PUPPET_WXKF_MANAGER_ENDPOINT: `https://puppet:${KEY}@wxkf.example.com:7777`,
      PUPPET_WXKF_SELF_ENDPOINT: '<selfEndpoint>',
      PUPPET_WXKF_WECOM_KF_OPEN_ID: 'wkA',
    });
  });

  it.each<[BotApi, string[]]>([
    ['manager', ['cgiBinBase', 'hostBase']],
    ['tunnel', ['HTTPS_PROXY', 'NO_PROXY']],
    ['direct', []],
  ])('any other program that calls WeCom by %s are those it needs', (api, more) => {
    expect(Object.keys(settings('other', { api }))).toEqual(['corpId', 'token', 'encodingAESKey', ...more]);
  });

  it.each(NAMES)('%s say which of them are secret', (name) => {
    const lines = settingGroups(PROGRAMS[name], factsOf(name)).flatMap((group) => group.lines);
    const secrets = /callbackToken|aesKey|key-of-the-tests|whsec_/;
    for (const line of lines)
      if ('value' in line)
        expect([nameOf(line), line.isSecret]).toEqual([nameOf(line), secrets.test(line.value)]);
    expect(lines.some((line) => 'value' in line && line.isSecret)).toBe(hasSettings(draftFor(name)));
  });

  it('a bot of several accounts leave the account to a person', () => {
    expect(settings('puppet', { openKfIds: ['*'] }).PUPPET_WXKF_WECOM_KF_OPEN_ID).toBe('<account>');
    expect(settings('openclaw', { openKfIds: ['wkA', 'wkB'] }).openKfId).toBe('<account>');
  });

  it('a bot whose addresses are being typed are what can be made of them', () => {
    expect(settings('cowagent', { address: 'http://', url: 'http://' })).toMatchObject({
      wechat_kf_port: '',
      NO_PROXY: 'localhost,127.0.0.1',
    });
    expect(settings('cowagent', { url: 'http://bot/wxkf/' }).wechat_kf_port).toBe('80');
    expect(settings('cowagent', { url: 'https://bot/wxkf/' }).wechat_kf_port).toBe('443');
  });
});

describe('every program', () => {
  it.each(NAMES)('%s is described in both languages', (name) => {
    for (const { bots } of [english, chinese]) {
      expect(bots.programText[name]).not.toBe('');
      expect(bots.addressHints[name] === '').toBe(PROGRAMS[name].url === null);
      expect(PROGRAMS[name].title !== null || name in bots.untitled).toBe(true);
    }
  });

  it('has its tunnel told to the manager, too', () => {
    for (const { groups, notes, title } of Object.values<Program>(PROGRAMS)) {
      const hasTunnel = groups.some(({ only, settings: all }) =>
        all.some((setting) => only === undefined && 'is' in setting && setting.is === 'proxy'),
      );
      expect([title, notes.includes('tunnelsOn')]).toEqual([title, hasTunnel]);
    }
  });
});

describe('a new key', () => {
  it('is told in each form that a setting may need', () => {
    const told = (facts: BotFacts) => keyLines(facts).map(valueOf);
    expect(told(factsOf('langbot', { address: 'http://m' }))).toEqual([
      KEY,
      `http://m/bot/${KEY}/cgi-bin`,
      `http://m/bot/${KEY}`,
      `http://bot:${KEY}@m`,
    ]);
    expect(told(factsOf('cowagent', { address: 'http://m' }))).toEqual([KEY, `http://bot:${KEY}@m`]);
    expect(told(factsOf('puppet', { address: 'http://m' }))).toEqual([KEY, `http://puppet:${KEY}@m`]);
    expect(told(factsOf('other', { api: 'direct' }))).toEqual([KEY]);
  });
});

describe('a draft', () => {
  it('becomes what the API takes', () => {
    const draft = {
      ...draftFor('pandawiki'),
      corpId: ' ww1 ',
      typed: 'wkA\nwkB',
      headers: { 'X-KB-ID': '0191' },
    };
    expect(toNewBot(draft)).toEqual({
      name: 'PandaWiki',
      corpId: 'ww1',
      openKfIds: ['wkA', 'wkB'],
      kind: 'callback',
      api: 'tunnel',
      takes: 'event',
      callback: { url: 'http://127.0.0.1/share/v1/app/wechat/service', headers: { 'X-KB-ID': '0191' } },
    });
    expect(toNewBot({ ...draftFor('own'), name: 'Echo', corpSecret: 's3cret' })).toMatchObject({
      kind: 'callback',
      takes: 'message',
      corpSecret: 's3cret',
      callback: { url: 'http://127.0.0.1:8080/', form: 'json' },
    });
    expect(toNewBot({ ...draftFor('puppet'), corpId: 'ww1', takesAllOthers: true })).toEqual({
      name: 'wechaty-puppet-wxkf',
      corpId: 'ww1',
      openKfIds: ['*'],
      kind: 'puppet',
      api: 'manager',
      takes: 'event',
    });
    const other = { ...draftFor('other'), name: 'Mine', api: 'direct', corpSecret: 's3cret' } as const;
    expect(toNewBot(other)).toMatchObject({ name: 'Mine', api: 'direct', corpSecret: 's3cret' });
  });

  it('keeps what was said of the corp when another program is chosen, and no secret where none is needed', () => {
    const before = { ...draftFor('astrbot'), corpId: 'ww1', typed: 'wkA', corpSecret: 's3cret' };
    const draft = { ...draftFor('langbot', before), takes: 'event' } as const;
    expect(draft).toMatchObject({ corpId: 'ww1', typed: 'wkA', name: 'LangBot' });
    expect(toNewBot(draft)).not.toHaveProperty('corpSecret');
  });

  it.each<[ProgramName, 'message' | 'event']>([
    ['langbot', 'message'],
    ['astrbot', 'message'],
    ['openclaw', 'event'],
    ['cowagent', 'event'],
    ['own', 'message'],
    ['puppet', 'event'],
    ['agent', 'message'],
    ['people', 'event'],
  ])('of %s takes what is best for it: %s', (name, takes) => {
    expect(toNewBot({ ...draftFor(name), corpSecret: 's3cret' }).takes).toBe(takes);
  });

  it('asks for the corpSecret where the manager pulls', () => {
    const draft = { ...draftFor('langbot'), corpSecret: ' s3cret ' };
    expect(toNewBot(draft)).toMatchObject({ takes: 'message', corpSecret: 's3cret' });
    const direct = { ...draftFor('other'), takes: 'message', api: 'direct' } as const;
    expect(toNewBot(direct).takes).toBe('event');
    expect(toNewBot({ ...direct, api: 'manager' }).takes).toBe('message');
  });

  it('has each account once, whether it was chosen or typed', () => {
    expect(accountsOf({ ...draftFor('other'), picked: ['wkA'], typed: 'wkA wkB' })).toEqual(['wkA', 'wkB']);
    expect(readAccountIds(' wkA,wkB；wkC、wkA\n\n')).toEqual(['wkA', 'wkB', 'wkC']);
    expect(readAccountIds('')).toEqual([]);
  });
});

describe('a verification', () => {
  it.each([
    [{ verified: true, status: 200, fault: null }, 'verified'],
    [{ verified: false, status: null, fault: 'its url must be of PUPPET_ENDPOINT_ALLOW' }, 'address'],
    [{ verified: false, status: null, fault: 'refused', noAnswer: 'refused' }, 'noAnswer'],
    [{ verified: false, status: null, fault: 'too late', noAnswer: 'unreachable' }, 'noAnswer'],
    [{ verified: false, status: null, fault: 'no such name', noAnswer: 'name' }, 'noName'],
    [{ verified: false, status: null, fault: 'no TLS', noAnswer: 'tls' }, 'noTls'],
    [{ verified: false, status: null, fault: 'it broke', noAnswer: 'reset' }, 'broken'],
    [{ verified: false, status: null, fault: 'too late', noAnswer: 'timeout' }, 'late'],
    [{ verified: false, status: 400, fault: 'the program needs the header X-A' }, 'header'],
    [{ verified: false, status: 404, fault: 'answered 404' }, 'path'],
    [{ verified: false, status: 405, fault: 'answered 405' }, 'path'],
    [{ verified: false, status: 400, fault: 'answered 400' }, 'refused'],
    [{ verified: false, status: 200, fault: 'without the echo' }, 'wrongAnswer'],
  ] as const)('that came to %j is told as %s', (came, finding) => {
    expect(verifyFinding({ noAnswer: null, ...came, durationMs: 1 })).toBe(finding);
  });
});
