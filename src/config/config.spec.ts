import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  ConfigError,
  type Environment,
  isOpen,
  isOpenToOthers,
  loadConfig,
  secretsOf,
  toSummary,
} from './config.js';

const MONGO_URI = 'mongodb://manager:p4ssw0rd@db.example:27017/wxkf?replicaSet=rs0';
const APP = {
  corpId: 'ww12345678910',
  token: 'tokenThatIsSecret',
  encodingAESKey: 'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C',
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wxkf-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function mistakesOf(environment: Environment): readonly string[] {
  try {
    loadConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
  return [];
}

const summaryOf = (environment: Environment) => toSummary(loadConfig(environment), environment);

/** The environment that names a file with this content. */
function withAppsFile(content: unknown): Environment {
  const path = join(folder, 'apps.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return { WECOM_APPS_FILE: path };
}

describe('settings', () => {
  it('have defaults, so that nothing has to be set', () => {
    expect(loadConfig({})).toEqual({
      port: 7777,
      host: '127.0.0.1',
      mongoUri: undefined,
      dataDir: './data',
      accessTokenUrl: new URL('https://qyapi.weixin.qq.com/cgi-bin/gettoken'),
      wecomApiUrl: new URL('https://qyapi.weixin.qq.com'),
      httpsProxy: undefined,
      httpProxy: undefined,
      noProxy: undefined,
      proxyBodyBytesMax: 26_214_400,
      tunnels: false,
      tunnelConnectTo: undefined,
      corpCallsPerMinute: 10_000,
      corpCallsPerHour: 150_000,
      ipCallsPerMinute: 20_000,
      ipCallsPerHour: 600_000,
      messagesAheadMax: 1_000,
      messageTries: 8,
      replyWithinS: 60,
      peopleWaitAlarmS: 300,
      deliveryLogDays: 3,
      notifyUrls: [],
      notifyAfterS: 60,
      notifyQuietHours: undefined,
      notifyTimeZone: 'Asia/Shanghai',
      deliveryLogBytesMax: 1_073_741_824,
      tokenlessSyncsPerMinute: 9,
      wecomApps: [],
      authPuppetTokens: [],
      authGatewayTokens: [],
      authOperatorTokens: [],
      metricsTokens: [],
      publicUrl: undefined,
      oidcIssuer: undefined,
      oidcClientId: undefined,
      oidcClientSecret: undefined,
      oidcAdminGroups: [],
      oidcReaderGroups: [],
      oidcGroupsClaim: 'groups',
      oidcScopes: 'openid profile email',
      allowOpen: false,
      allowedHosts: undefined,
      metricsCorpLabel: false,
      puppetEndpointAllow: undefined,
      secretsKeys: [],
      trustedProxies: undefined,
      connectionsMax: 10_000,
      connectionsPerAddressMax: 2_000,
      accountsMax: 200_000,
      accountsPerCorpMax: 10_000,
      callbackSkewSMax: 0,
      callbackBodyBytesMax: 131_072,
      bodiesBytesMax: 67_108_864,
      callbacksTriedMax: 1_000,
      callbacksUnderWayMax: 2_000,
      drainDelayMs: 5_000,
      drainTimeoutMs: 25_000,
      logLevel: 'info',
      logFormat: 'json',
      logHealthyOneIn: 1,
    });
  });

  it('are taken from the environment, which may hold anything else', () => {
    const environment = { PORT: '80', HOST: '::1', DATA_DIR: '/data', LOG_LEVEL: 'debug', PATH: '/bin' };
    expect(loadConfig(environment)).toMatchObject({
      port: 80,
      host: '::1',
      dataDir: '/data',
      logLevel: 'debug',
    });
    expect(loadConfig({ MONGO_URI }).mongoUri?.reveal()).toBe(MONGO_URI);
  });

  it('count as unset when they are empty', () => {
    const empty = { PORT: '', HOST: '', MONGO_URI: '', DATA_DIR: '', WECOM_APPS_FILE: '', LOG_FORMAT: '' };
    expect(loadConfig(empty)).toEqual(loadConfig({}));
  });

  it('cannot be changed once they are loaded', () => {
    expect(Object.isFrozen(loadConfig({}))).toBe(true);
  });
});

describe('mistakes', () => {
  it('are told all at once, each by name with what was expected and what was found', () => {
    const environment = {
      PORT: '65536',
      HOST: 'local host',
      CALLBACK_BODY_MAX_BYTES: '1k',
      DRAIN_DELAY_MS: '-1',
      LOG_LEVEL: 'verbose',
      LOG_FORMAT: 'JSON',
    };
    expect(mistakesOf(environment)).toEqual([
      'PORT: expected a whole number from 0 to 65535, got "65536"',
      'HOST: expected an address or host name, got "local host"',
      'CALLBACK_BODY_MAX_BYTES: expected a whole number from 1024 to 16777216, got "1k"',
      'DRAIN_DELAY_MS: expected a whole number from 0 to 300000, got "-1"',
      'LOG_LEVEL: expected one of fatal, error, warn, info, debug, trace, got "verbose"',
      'LOG_FORMAT: expected one of json, pretty, got "JSON"',
    ]);
  });

  it('are a drain that has to end before its delay is over', () => {
    const expected = ['DRAIN_TIMEOUT_MS: expected more than DRAIN_DELAY_MS, 5000, got 5000'];
    expect(mistakesOf({ DRAIN_TIMEOUT_MS: '5000' })).toEqual(expected);
    expect(mistakesOf({ DRAIN_TIMEOUT_MS: '5001' })).toEqual([]);
  });

  it('stand in the message of the error, a line each', () => {
    expect(() => loadConfig({ PORT: 'x', LOG_FORMAT: 'y' })).toThrow(
      /2 mistake\(s\):\n {2}PORT: .+\n {2}LOG_FORMAT: .+$/,
    );
  });

  it.each([' 80', '8e1', '0x50', '80.0', '99999999999999999999'])('do not pass as numbers: "%s"', (PORT) => {
    expect(mistakesOf({ PORT })).toHaveLength(1);
  });

  it('are no variables that only resemble a setting, such as those of a Kubernetes service', () => {
    const names = [
      'AUTH_API_SERVICE_HOST',
      'SECRETS_PORT',
      'OIDC_SERVICE_HOST',
      'OIDC_PORT',
      'OIDC_PORT_443_TCP',
    ];
    const ofService = [...names, 'OIDC_PROVIDER_SERVICE_PORT_HTTPS', 'OIDC_PROVIDER_PORT'];
    expect(mistakesOf(Object.fromEntries(ofService.map((name) => [name, 'tcp://10.0.0.2:80'])))).toEqual([]);
  });

  it.each([
    'AUTH_PUPPET_TOKENS',
    'AUTH_OPERATOR_TOKENS_FILE',
    'SECRETS_KEYS',
    'METRICS_TOKENS',
    'PUPPET_ENDPOINT_ALLOW_FILE',
    'OIDC_ADMIN_GROUP',
    'OIDC_ISSUER_URL',
    'OIDC_CLIENT_ID_FILE',
  ])('are protections that this version does not know, such as %s, told without their value', (name) => {
    const mistakes = mistakesOf({ [name]: 'the-value-of-it' });
    expect(mistakes).toEqual([expect.stringMatching(RegExp(`^${name}: this version has no such setting`))]);
    expect(String(mistakes)).not.toContain('the-value-of-it');
  });
});

it('a setting that a later version has no use for, such as REPLICA_URL, keeps nobody from starting', () => {
  expect(() => loadConfig({ REPLICA_URL: 'http://10.0.0.1:7777' })).not.toThrow();
});

it.each([
  'qyapi.weixin.qq.com',
  'ftp://qyapi.weixin.qq.com',
  'https://user:pass@qyapi.weixin.qq.com',
  'https://qyapi.weixin.qq.com/?corpid=1',
  'https://qyapi.weixin.qq.com/#x',
  'https:///cgi-bin',
  'https://',
])('WECOM_API_URL and ACCESS_TOKEN_URL cannot be %s', (url) => {
  expect(mistakesOf({ WECOM_API_URL: url, ACCESS_TOKEN_URL: url })).toEqual([
    expect.stringMatching(/^ACCESS_TOKEN_URL: expected an http:\/\/ or https:\/\/ URL without user/),
    expect.stringMatching(/^WECOM_API_URL: expected/),
  ]);
});

describe('the password in MONGO_URI', () => {
  it('is in no mistake', () => {
    expect(mistakesOf({ MONGO_URI: 'mongo://manager:p4ssw0rd@db.example' })).toEqual([
      'MONGO_URI: expected mongodb://… or mongodb+srv://… with a host',
    ]);
  });

  it('is not in the summary', () => {
    expect(JSON.stringify(summaryOf({ MONGO_URI }))).not.toContain('p4ssw0rd');
  });
});

it('sums up what is set, and nothing else, by the names of the variables, apps by their number', () => {
  const summary = summaryOf({ ...withAppsFile([APP, APP]), MONGO_URI, PORT: '80' });
  const text = JSON.stringify(summary);
  expect(JSON.parse(text)).toEqual({ PORT: 80, MONGO_URI: '***', WECOM_APPS_FILE: '2 app(s)' });
  expect(summaryOf({ PORT: '', METRICS_TOKEN_FILE: '' })).toEqual({});
  expect(text).not.toContain(APP.token);
});

describe('WECOM_APPS_FILE', () => {
  it('gives apps, with or without what may be left out', () => {
    const { wecomApps } = loadConfig(
      withAppsFile([APP, { ...APP, name: '一号', receiveIds: ['suite', ''] }]),
    );
    expect(wecomApps.map(({ corpId, name, receiveIds }) => ({ corpId, name, receiveIds }))).toEqual([
      { corpId: APP.corpId, name: '', receiveIds: [] },
      { corpId: APP.corpId, name: '一号', receiveIds: ['suite', ''] },
    ]);
    expect(wecomApps[0]?.callbackToken.reveal()).toBe(APP.token);
    expect(wecomApps[0]?.encodingAESKey.reveal()).toBe(APP.encodingAESKey);
  });

  it('may be an empty list', () => expect(loadConfig(withAppsFile([])).wecomApps).toEqual([]));

  it('is a mistake when it cannot be read', () => {
    expect(mistakesOf({ WECOM_APPS_FILE: join(folder, 'missing.json') })).toEqual([
      'WECOM_APPS_FILE: cannot be read (ENOENT)',
    ]);
    expect(mistakesOf({ WECOM_APPS_FILE: folder })).toEqual(['WECOM_APPS_FILE: cannot be read (EISDIR)']);
  });

  it.each([`[{"token":"${APP.token}"`, `${APP.token}`, ''])(
    'is a mistake when it is not JSON: %#',
    (content) => {
      expect(mistakesOf(withAppsFile(content))).toEqual(['WECOM_APPS_FILE: is not JSON']);
    },
  );

  it('is a mistake when it is no list', () => {
    expect(mistakesOf(withAppsFile({ apps: [APP] }))).toEqual([
      'WECOM_APPS_FILE: the file must be a list of apps',
    ]);
  });

  it('has every wrong field named by its place, without its value, beside all other mistakes', () => {
    const { token: _left, ...withoutToken } = APP;
    const apps = [APP, { ...APP, token: 'not a token', encodingAESKey: 'tooShortToBeAKey' }, withoutToken];
    const mistakes = mistakesOf({ ...withAppsFile(apps), PORT: 'x' });
    expect(mistakes).toEqual([
      'PORT: expected a whole number from 0 to 65535, got "x"',
      "WECOM_APPS_FILE: 1.token must be 1 to 32 letters and digits, as in the app's callback settings",
      "WECOM_APPS_FILE: 1.encodingAESKey must be 43 letters and digits, as in the app's callback settings",
      "WECOM_APPS_FILE: 2.token must be 1 to 32 letters and digits, as in the app's callback settings",
    ]);
  });

  it.each([
    ['corpId', { ...APP, corpId: 'ww/1' }],
    ['corpId', { ...APP, corpId: 5 }],
    ['receiveIds', { ...APP, receiveIds: 'suite' }],
    ['receiveIds', { ...APP, receiveIds: ['r'.repeat(129)] }],
    ['name', { ...APP, name: 'n'.repeat(129) }],
  ])('is a mistake when %s is wrong: %#', (field, app) => {
    expect(mistakesOf(withAppsFile([app]))).toEqual([
      expect.stringMatching(RegExp(`^WECOM_APPS_FILE: 0\\.${field}`)),
    ]);
  });
});

describe('the proxies that are believed', () => {
  it('are addresses and CIDRs, with blanks around the commas, and are shown as they are', () => {
    const summary = summaryOf({ TRUST_PROXY: '10.0.0.7, 10.1.0.0/16 ,fd00::/8,::1' });
    expect(JSON.parse(JSON.stringify(summary))).toMatchObject({
      TRUST_PROXY: '10.0.0.7,10.1.0.0/16,fd00::/8,::1',
    });
  });

  it.each([
    ['of a wrong length', '10.0.0.0/33', 1],
    ['that is short', '10/8', 1],
    ['that is a name', '10.0.0.1,proxy.internal', 2],
    ['left out', '10.0.0.1,', 2],
    ['that means everybody', '0.0.0.0/0', 1],
    ['that means everybody of IPv6', '10.0.0.1,::/0', 2],
  ])('are a mistake with one %s, told by its place', (_what, list, place) => {
    const entry = JSON.stringify(list.split(',')[place - 1]);
    expect(mistakesOf({ TRUST_PROXY: list })).toEqual([
      expect.stringMatching(
        RegExp(
          `^TRUST_PROXY: entry ${place} of ${list.split(',').length} must be .*, got ${RegExp.escape(entry)}$`,
        ),
      ),
    ]);
  });
});

describe('the secrets of roles', () => {
  const OLD = 'old-puppet-secret_1';
  const NEW = 'new-puppet-secret_2';
  const GATEWAY = 'gateway-secret_16';

  it('are several while rotating, with blanks around the commas', () => {
    const config = loadConfig({ AUTH_PUPPET_TOKEN: ` ${OLD} ,${NEW}`, AUTH_GATEWAY_TOKEN: GATEWAY });
    expect(secretsOf(config, 'puppet').map((secret) => secret.reveal())).toEqual([OLD, NEW]);
    expect(secretsOf(config, 'gateway').map((secret) => secret.reveal())).toEqual([GATEWAY]);
    expect(secretsOf(config, 'operator')).toEqual([]);
  });

  it('are 16 characters at least', () => {
    expect(mistakesOf({ AUTH_OPERATOR_TOKEN: 'k3Jd-x_9QpLw72Va' })).toEqual([]);
    expect(mistakesOf({ AUTH_OPERATOR_TOKEN: 'k3Jd-x_9QpLw72V' })).toHaveLength(1);
  });

  it.each(['x'.repeat(16), 'abcdabcdabcdabcd', '0101010101010101', '-'.repeat(40)])(
    'with hardly any different characters are refused with what to do: %s',
    (weak) => {
      for (const name of [
        'AUTH_PUPPET_TOKEN',
        'AUTH_GATEWAY_TOKEN',
        'AUTH_OPERATOR_TOKEN',
        'METRICS_TOKEN',
      ]) {
        const [mistake, ...others] = mistakesOf({ [name]: weak });
        expect(others).toEqual([]);
        expect(mistake).toContain(`${name}: secret 1 of 1 has fewer than 5 different characters`);
        expect(mistake).toContain('keys generate');
        expect(mistake).not.toContain(weak);
      }
    },
  );

  it('that are random are taken, be they of letters and digits or of hexadecimal digits alone', () => {
    for (let n = 0; n < 20; n++) {
      expect(mistakesOf({ AUTH_OPERATOR_TOKEN: randomBytes(12).toString('base64url') })).toEqual([]);
      expect(mistakesOf({ AUTH_OPERATOR_TOKEN: randomBytes(16).toString('hex') })).toEqual([]);
    }
  });

  it.each([
    ['too short', 'only-15-letters', 1],
    ['with a blank inside', 'sixteen or more letters', 1],
    ['that cannot stand in a URL', 'sixteen-letters@or-more', 1],
    ['left out', `${OLD},`, 2],
    ['that is blank', ' ', 1],
    ['after a good one', `${OLD}, sechzehn-Zeichen-ä,${NEW}`, 2],
  ])('are a mistake with one %s, told by its place and not by its value', (_what, list, place) => {
    const mistakes = mistakesOf({ AUTH_GATEWAY_TOKEN: list });
    const places = list.split(',').length;
    expect(mistakes).toEqual([
      `AUTH_GATEWAY_TOKEN: secret ${place} of ${places} must be at least 16 letters, digits, _ and -`,
    ]);
  });

  it('are a mistake when two roles have the same, told without it', () => {
    const environment = { AUTH_PUPPET_TOKEN: `${OLD},${NEW}`, AUTH_OPERATOR_TOKEN: `${GATEWAY},${NEW}` };
    expect(mistakesOf({ ...environment, AUTH_GATEWAY_TOKEN: GATEWAY })).toEqual([
      'AUTH_OPERATOR_TOKEN: secret 1 is also in AUTH_GATEWAY_TOKEN; give each caller its own',
      'AUTH_OPERATOR_TOKEN: secret 2 is also in AUTH_PUPPET_TOKEN; give each caller its own',
    ]);
  });

  it('are a mistake when who reads the metrics has one of them', () => {
    expect(mistakesOf({ AUTH_PUPPET_TOKEN: OLD, METRICS_TOKEN: `${NEW},${OLD}` })).toEqual([
      'METRICS_TOKEN: secret 2 is also in AUTH_PUPPET_TOKEN; give each caller its own',
    ]);
  });

  it('are none where only who reads the metrics has one', () => {
    const environment = { METRICS_TOKEN: OLD };
    const config = loadConfig(environment);
    expect([isOpen(config), config.host]).toEqual([true, '127.0.0.1']);
    expect(secretsOf(config, 'metrics').map((secret) => secret.reveal())).toEqual([OLD]);
    expect(summaryOf(environment)).toEqual({ METRICS_TOKEN: '1 secret(s)' });
  });

  it('may be given twice to one role', () => {
    expect(mistakesOf({ AUTH_PUPPET_TOKEN: `${OLD},${OLD}` })).toEqual([]);
  });

  it('are counted in the summary, and are in no JSON of the settings', () => {
    const environment = { AUTH_PUPPET_TOKEN: `${OLD},${NEW}` };
    const summary = summaryOf(environment);
    expect(summary).toEqual({ AUTH_PUPPET_TOKEN: '2 secret(s)' });
    expect(JSON.stringify([summary, loadConfig(environment)])).not.toMatch(/puppet-secret/);
  });

  it.each(['AUTH_PUPPET_TOKEN', 'AUTH_GATEWAY_TOKEN', 'AUTH_OPERATOR_TOKEN'])(
    'close the manager and open its address, as soon as there is %s',
    (name) => {
      const config = loadConfig({ [name]: OLD });
      expect([isOpen(config), config.host]).toEqual([false, '0.0.0.0']);
      expect(loadConfig({ [name]: OLD, HOST: '10.0.0.1' }).host).toBe('10.0.0.1');
    },
  );

  it('leave everything open on loopback while there are none', () => {
    const config = loadConfig({ AUTH_PUPPET_TOKEN: '' });
    expect([isOpen(config), isOpenToOthers(config), config.host]).toEqual([true, false, '127.0.0.1']);
    for (const HOST of ['127.3.2.1', '::1', 'localhost', 'LOCALHOST', 'wxkf.localhost'])
      expect(isOpenToOthers(loadConfig({ HOST }))).toBe(false);
  });
});

describe('ALLOW_OPEN', () => {
  const OTHERS = [
    '0.0.0.0',
    '::',
    '10.0.0.1',
    'fd00::1',
    'wxkf.example',
    'localhost.example',
    '127.0.0.1.example',
  ];
  const refused = (host: string) =>
    `HOST: ${host} lets other hosts reach it, and no role has a secret; set AUTH_PUPPET_TOKEN, AUTH_GATEWAY_TOKEN, AUTH_OPERATOR_TOKEN (wxkf-manager keys generate makes them), or ALLOW_OPEN=true to let everybody who reaches it do everything`;

  it.each(OTHERS)('is needed while no role has a secret and HOST is %s', (HOST) => {
    expect(mistakesOf({ HOST })).toEqual([refused(HOST)]);
    expect(mistakesOf({ HOST, ALLOW_OPEN: 'false', METRICS_TOKEN: 'secret-of-the-metrics' })).toEqual([
      refused(HOST),
    ]);
    expect(isOpenToOthers(loadConfig({ HOST, ALLOW_OPEN: 'true' }))).toBe(true);
    expect(isOpenToOthers(loadConfig({ HOST, AUTH_GATEWAY_TOKEN: 'secret-of-a-gateway' }))).toBe(false);
  });

  it('has it listen nowhere else by itself', () => {
    expect(loadConfig({ ALLOW_OPEN: 'true' }).host).toBe('127.0.0.1');
  });

  it('is told of together with other mistakes, and not where one of them may be the reason', () => {
    expect(mistakesOf({ HOST: '::', PORT: 'x' })).toEqual([expect.stringMatching(/^PORT: /), refused('::')]);
    for (const wrong of [{ ALLOW_OPEN: 'yes' }, { AUTH_PUPPET_TOKEN: 'short' }, { HOST: 'a b' }])
      expect(mistakesOf({ HOST: '::', ...wrong })).toHaveLength(1);
  });

  it('is not asked for by commands, which listen nowhere', () => {
    expect(loadConfig({ HOST: '0.0.0.0' }, 'command').host).toBe('0.0.0.0');
  });
});

describe('ALLOWED_HOSTS', () => {
  it('is a list of names, shown as they are compared', () => {
    const environment = { ALLOWED_HOSTS: ' WXKF-Manager,wxkf.example., 客服.example' };
    const config = loadConfig(environment);
    expect(
      ['wxkf-manager', 'wxkf.example', 'xn--ubtq9x.example', 'a.wxkf.example'].map((name) =>
        config.allowedHosts?.has(name),
      ),
    ).toEqual([true, true, true, false]);
    const { ALLOWED_HOSTS } = summaryOf(environment);
    expect(JSON.stringify({ ALLOWED_HOSTS })).toBe(
      '{"ALLOWED_HOSTS":"wxkf-manager,wxkf.example,xn--ubtq9x.example"}',
    );
  });

  it.each(['*', '*.example.com', 'wxkf:7777', 'http://wxkf', '10.0.0.1', '::1', 'a b', 'wxkf/', ''])(
    'may not list "%s"',
    (entry) => {
      expect(mistakesOf({ ALLOWED_HOSTS: `wxkf,${entry},localhost` })).toEqual([
        expect.stringMatching(
          /^ALLOWED_HOSTS: entry 2 of 3 must be a host name like .* an address needs no entry$/,
        ),
      ]);
    },
  );
});

describe('PUPPET_ENDPOINT_ALLOW', () => {
  it.each([
    '10.0.0.0/8',
    '10.0.0.5',
    '::1',
    'fd00::/8',
    '::ffff:10.0.0.0/104',
    'bots.example.com',
    '*.bots.example.com.',
    ' bots , 10.0.0.0/8,*.客.example',
    'puppet_1',
  ])('may be %s', (list) => expect(mistakesOf({ PUPPET_ENDPOINT_ALLOW: list })).toEqual([]));

  it.each([
    '',
    '*',
    '*.',
    '.',
    '.example.com',
    'a..example.com',
    'bots.*.example.com',
    '*bots.example.com',
    'http://bots.example.com',
    'bots.example.com:8080',
    'bots.example.com/path',
    'user@bots.example.com',
    'two names',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0/8',
    '10.1',
    '167772165',
    '0xa000005',
    '010.0.0.5',
    '10.0.0.256',
    '10.0.0.5:80',
    '[::1]',
    '::1%eth0',
    'fe80::%eth0/10',
    '::/129',
    ':::1',
  ])('cannot have "%s" in it, told by its place', (entry) => {
    expect(mistakesOf({ PUPPET_ENDPOINT_ALLOW: `10.0.0.0/8,${entry},bots.example.com` })).toEqual([
      expect.stringMatching(/^PUPPET_ENDPOINT_ALLOW: entry 2 of 3 must be an address, a range like .*, or a/),
    ]);
  });

  it('has every mistake told, beside all others', () => {
    expect(mistakesOf({ PUPPET_ENDPOINT_ALLOW: '*,::1,10.0.0.0/99', PORT: 'x' })).toEqual([
      expect.stringMatching(/^PORT/),
      expect.stringMatching(/entry 1 of 3/),
      expect.stringMatching(/entry 3 of 3/),
    ]);
  });

  it('stands in the summary as it was written', () => {
    const summary = summaryOf({ PUPPET_ENDPOINT_ALLOW: '10.0.0.0/8, *.Bots.example' });
    expect(JSON.parse(JSON.stringify(summary))).toMatchObject({
      PUPPET_ENDPOINT_ALLOW: '10.0.0.0/8,*.Bots.example',
    });
  });
});

describe('SECRETS_KEY', () => {
  // One whose standard and URL-safe texts differ.
  const bytes = Buffer.alloc(32, 0xfb);
  const [standard, urlSafe] = [bytes.toString('base64'), bytes.toString('base64url')];
  const other = Buffer.alloc(32, 7).toString('base64');

  const keysOf = (list: string): Buffer[] =>
    loadConfig({ SECRETS_KEY: list }).secretsKeys.map((key) => Buffer.from(key.reveal(), 'base64'));

  it.each([standard, urlSafe, ` ${standard.replace('=', '')} `, `${urlSafe}=`])(
    'is 32 bytes in standard or URL-safe base64: "%s"',
    (text) => expect(keysOf(text)).toEqual([bytes]),
  );

  it('is several keys while rotating, the one that seals first, with blanks around the commas', () => {
    expect(keysOf(`${other} , ${standard}`)).toEqual([Buffer.alloc(32, 7), bytes]);
  });

  it.each([
    ['too short', Buffer.alloc(31, 1).toString('base64'), 'key 1 of 1 must be base64 of exactly 32 bytes'],
    ['too long', Buffer.alloc(33, 1).toString('base64'), 'key 1 of 1 must be base64 of exactly 32 bytes'],
    ['that is no base64', `${other},${'*'.repeat(43)}`, 'key 2 of 2 must be base64 of exactly 32 bytes'],
    ['in hexadecimal', bytes.toString('hex'), 'key 1 of 1 must be base64 of exactly 32 bytes'],
    ['left out', `${other},`, 'key 2 of 2 must be base64 of exactly 32 bytes'],
    [
      'that is there twice',
      `${standard},${other},${urlSafe}`,
      'key 3 of 3 is the same as key 1; leave one out',
    ],
  ])('is a mistake with one %s, told by its place and not by its value', (_what, list, mistake) => {
    const mistakes = mistakesOf({ SECRETS_KEY: list });
    expect(mistakes).toEqual([expect.stringContaining(`SECRETS_KEY: ${mistake}`)]);
    for (const text of list.split(',')) if (text !== '') expect(String(mistakes)).not.toContain(text);
  });

  it('is counted in the summary, and is in no JSON of the settings', () => {
    const environment = { SECRETS_KEY: `${standard},${other}` };
    const summary = summaryOf(environment);
    expect(summary).toEqual({ SECRETS_KEY: '2 secret(s)' });
    expect(JSON.stringify([loadConfig(environment), summary])).not.toContain(other);
  });
});

describe('a secret from a file', () => {
  const SECRET = 'marked-secret_of-a-file';
  const KEY = Buffer.alloc(32, 7).toString('base64');

  function fileOf(content: string): string {
    const path = join(folder, 'secret');
    writeFileSync(path, content);
    return path;
  }

  it.each([
    ['as it is', SECRET],
    ['with the line break that editors put at its end', `${SECRET}\n`],
    ['with blanks and line breaks around it', `\uFEFF \r\n${SECRET} \r\n`],
  ])('is taken %s', (_what, content) => {
    const config = loadConfig({ AUTH_PUPPET_TOKEN_FILE: fileOf(content) });
    expect(secretsOf(config, 'puppet').map((secret) => secret.reveal())).toEqual([SECRET]);
  });

  it('closes the manager and opens its address like one from a variable', () => {
    const config = loadConfig({ AUTH_PUPPET_TOKEN_FILE: fileOf(SECRET) });
    expect([isOpen(config), config.host]).toEqual([false, '0.0.0.0']);
  });

  it.each([
    ['AUTH_PUPPET_TOKEN', SECRET],
    ['AUTH_GATEWAY_TOKEN', SECRET],
    ['AUTH_OPERATOR_TOKEN', SECRET],
    ['SECRETS_KEY', `${KEY}\n`],
    ['MONGO_URI', MONGO_URI],
  ])('may be that of %s', (name, content) => {
    expect(summaryOf({ [`${name}_FILE`]: fileOf(content) })[name]).toEqual(
      summaryOf({ [name]: content.trim() })[name],
    );
    expect(summaryOf({})[name]).not.toEqual(summaryOf({ [name]: content.trim() })[name]);
  });

  it('is no other setting', () => {
    expect(loadConfig({ PORT_FILE: fileOf('80') }).port).toBe(7777);
  });

  it('counts as unset when the name of its file is empty', () => {
    expect(isOpen(loadConfig({ AUTH_PUPPET_TOKEN_FILE: '' }))).toBe(true);
  });

  it('is a mistake when it cannot be read, is empty or is wrong, told by the variable without what is in it', () => {
    const mistakes = mistakesOf({
      AUTH_PUPPET_TOKEN_FILE: join(folder, 'missing'),
      AUTH_GATEWAY_TOKEN_FILE: folder,
      SECRETS_KEY_FILE: fileOf('marked-and-wrong'),
    });
    expect(mistakes).toEqual([
      'AUTH_PUPPET_TOKEN_FILE: cannot be read (ENOENT)',
      'AUTH_GATEWAY_TOKEN_FILE: cannot be read (EISDIR)',
      expect.stringMatching(/^SECRETS_KEY_FILE: key 1 of 1 must be base64/),
    ]);
    expect(String(mistakes)).not.toContain('marked-and-wrong');
    expect(mistakesOf({ MONGO_URI_FILE: fileOf(' \n') })).toEqual(['MONGO_URI_FILE: the file is empty']);
  });

  it('is a mistake beside the variable itself', () => {
    const environment = { AUTH_PUPPET_TOKEN: SECRET, AUTH_PUPPET_TOKEN_FILE: fileOf(SECRET) };
    expect(mistakesOf(environment)).toEqual([
      'AUTH_PUPPET_TOKEN_FILE: AUTH_PUPPET_TOKEN is set too; set one of the two',
    ]);
  });
});
