import { hostname } from 'node:os';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { type FastifyContextConfig, type FastifyInstance, type FastifyRequest, fastify } from 'fastify';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { MemoryRecords, RecordData } from '../../../test/support/memory-records.js';
import { NO_BOT_KEYS, NOBODY } from '../../../test/support/nobody.js';
import { operatorOf } from '../../../test/support/operators.js';
import { type Environment, loadConfig } from '../../config/config.js';
import { AppError } from '../../kernel/app-error.js';
import { Secret } from '../../kernel/secret.js';
import { KnownOperators } from '../../operators/known-operators.js';
import { OPERATORS } from '../../operators/operator.js';
import { type BotDirectory, BotKeys } from './bot-keys.js';
import { challengesFor, Gate } from './gate.js';
import { Sessions } from './sessions.js';

const PUPPET = 'secret-of-the-puppets';
const OPERATOR = 'secret-of-the-operator';
const ofOperators = { shared: [new Secret(OPERATOR)], signing: [] };
const judgesNothing = { judge: (error: AppError) => error };

function gated(environment: Environment): FastifyInstance {
  const app = fastify();
  new Gate(loadConfig(environment), new ManualClock(), judgesNothing, NO_BOT_KEYS, NOBODY).addTo(app);
  return app;
}

describe('a route', () => {
  it.each([{ AUTH_PUPPET_TOKEN: PUPPET }, {}])(
    'that does not state who may call it cannot be added, whether there are secrets or not: %#',
    (environment) => {
      const app = gated(environment);
      const handler = () => 'ok';
      const reason = /^GET \/status does not state who may call it; add @AllowRoles/;
      expect(() => app.get('/status', handler)).toThrow(reason);
      expect(() => app.get('/status', { config: { allowedCallers: 'anyone' } }, handler)).not.toThrow();
    },
  );

  it('keeps hooks of its own, which come after the gate', async () => {
    const app = gated({ AUTH_PUPPET_TOKEN: PUPPET });
    const reached: string[] = [];
    const options = {
      config: { allowedCallers: ['puppet'] as const },
      onRequest: [
        async () => {
          reached.push('its hook');
        },
      ],
    };
    app.get('/status', options, () => 'ok');
    expect((await app.inject('/status')).json().message).toMatch(/^This route asks for a secret/);
    expect(reached).toEqual([]);
    const headers = { authorization: `Bearer ${PUPPET}` };
    expect((await app.inject({ url: '/status', headers })).statusCode).toBe(200);
    expect(reached).toEqual(['its hook']);
  });
});

/** Where it listens while no role has a secret. */
const OPEN: readonly Environment[] = [{}, { HOST: '::1' }, { HOST: '0.0.0.0', ALLOW_OPEN: 'true' }];

describe('an open manager, by whatever name it is called', () => {
  const [label = ''] = hostname().split('.');
  const FOREIGN = [
    { host: 'evil.example' },
    { host: 'evil.example:7777' },
    { host: '127.0.0.1.evil.example' },
    { host: 'localhost.evil.example' },
    // Answered by whoever answers the DNS of the network.
    { host: 'host.docker.internal:7777' },
    { host: 'host.containers.internal' },
    { host: '10.0.0.1.nip.example' },
    { host: `${label}.evil.example` },
    { host: `${label}x` },
    { host: 'xwxkf.example' },
    { host: 'a.wxkf.example' },
    { host: 'wxkf.example.evil.example' },
    { host: '127.0.0.1@evil.example' },
    { host: '127.0.0.1', origin: 'https://evil.example' },
    { host: '127.0.0.1', origin: 'null' },
    { host: '127.0.0.1', origin: 'chrome-extension://localhosts' },
    { host: 'localhost', origin: 'http://localhost.evil.example' },
    // The address of another host has pages, too.
    { host: '127.0.0.1:7777', origin: 'http://10.0.0.1:7777' },
    { host: '10.0.0.1:7777', origin: 'http://10.0.0.2:7777' },
    { host: 'wxkf.example', origin: 'http://host.docker.internal' },
  ];
  const ONE_OF_EACH = [{ host: 'evil.example' }, { host: '127.0.0.1', origin: 'https://evil.example' }];
  const OWN = [
    { host: 'localhost:7777' },
    { host: 'LOCALHOST.' },
    { host: 'wxkf.localhost' },
    { host: '127.0.0.1' },
    { host: '127.3.2.1:80' },
    { host: '[::1]:7777' },
    { host: '[::ffff:127.0.0.1]' },
    { host: '10.0.0.1:7777' },
    { host: '[fd00::1]:7777' },
    { host: `${hostname()}:7777` },
    { host: label.toUpperCase() },
    { host: 'wxkf.example' },
    { host: 'WXKF.Example.:7777' },
    { host: 'wxkf-manager:7777' },
    { host: 'xn--ubtq9x.example' },
    { host: '10.0.0.1:7777', origin: 'http://10.0.0.1:7777' },
    { host: '[fd00::1]', origin: 'http://[fd00::1]' },
    { host: '127.0.0.1:7777', origin: 'https://wxkf.example' },
    { host: 'localhost:7777', origin: 'http://localhost:3000' },
    { host: '127.0.0.1', origin: 'https://[::1]' },
  ];

  async function answerOf(environment: Environment, url: string, headers: Record<string, string>) {
    const app = gated({ ALLOWED_HOSTS: 'wxkf.example, WXKF-Manager,客服.example', ...environment });
    app.get('/closed', { config: { allowedCallers: ['operator'] } }, () => 'ok');
    app.get('/open', { config: { allowedCallers: 'anyone' } }, () => 'ok');
    const response = await app.inject({ url, headers });
    return response.statusCode === 200 ? 'ok' : response.json().code;
  }

  it.each(FOREIGN)('refuses what a page of another host may have sent: %j', async (headers) => {
    for (const open of OPEN) expect(await answerOf(open, '/closed', headers)).toBe('AUTH_HOST_FOREIGN');
  });

  it.each(OWN)('answers under its own names: %j', async (headers) => {
    for (const open of OPEN) expect(await answerOf(open, '/closed', headers)).toBe('ok');
  });

  it.each(ONE_OF_EACH)('lets a tunnel forward what is open to anyone: %j', async (headers) => {
    for (const open of OPEN) expect(await answerOf(open, '/open', headers)).toBe('ok');
  });

  it('knows no other names until ALLOWED_HOSTS lists them', async () => {
    for (const open of OPEN)
      expect(await answerOf({ ...open, ALLOWED_HOSTS: '' }, '/closed', { host: 'wxkf.example' })).toBe(
        'AUTH_HOST_FOREIGN',
      );
  });

  it.each(ONE_OF_EACH)('is the only one that asks for names: %j', async (headers) => {
    const withSecret = { ...headers, authorization: `Bearer ${OPERATOR}` };
    const closed = { AUTH_OPERATOR_TOKEN: OPERATOR };
    for (const open of OPEN) expect(await answerOf({ ...open, ...closed }, '/closed', withSecret)).toBe('ok');
  });
});

describe('an open manager, wherever it listens', () => {
  /** What a route of operators answers on a host that has a name and on loopback: the code where it is refused. */
  async function answersOf(
    method: 'GET' | 'POST',
    headers: Record<string, string>,
    more: FastifyContextConfig = {},
  ): Promise<unknown[]> {
    const others = { HOST: '0.0.0.0', ALLOW_OPEN: 'true', ALLOWED_HOSTS: 'wxkf.example' };
    const answers = [others, {}].map(async (environment) => {
      const app = gated(environment);
      const config = { allowedCallers: ['operator'] as const, ...more };
      app.route({ method, url: '/closed', config, handler: () => 'ok' });
      const host = 'HOST' in environment ? 'wxkf.example:7777' : 'localhost:7777';
      const response = await app.inject({ method, url: '/closed', headers: { host, ...headers } });
      return response.statusCode === 200 ? 'ok' : response.json().code;
    });
    return Promise.all(answers);
  }

  it.each([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', origin: 'http://localhost:3000' },
    { 'sec-fetch-site': 'cross-site', 'x-wxkf-console': '1' },
  ])('changes nothing for a page of another site: %j', async (headers) => {
    expect(await answersOf('POST', headers)).toEqual(['AUTH_CROSS_SITE', 'AUTH_CROSS_SITE']);
  });

  it('changes nothing for one whose browser says its origin alone', async () => {
    for (const origin of ['https://evil.example', 'null'])
      expect(await answersOf('POST', { origin })).toEqual(['AUTH_HOST_FOREIGN', 'AUTH_HOST_FOREIGN']);
    // Of this machine, or listed, and another page all the same.
    for (const origin of ['http://localhost:3000', 'http://wxkf.example:3000'])
      expect(await answersOf('POST', { origin })).toContain('AUTH_CROSS_SITE');
  });

  it.each(['cross-site', 'same-site', 'none'])(
    'changes nothing by GET either, where the route may change something: %s',
    async (site) => {
      const answers = await answersOf('GET', { 'sec-fetch-site': site }, { changesSomething: true });
      expect(answers).toEqual(['AUTH_CROSS_SITE', 'AUTH_CROSS_SITE']);
    },
  );

  it('lets another site not even read', async () => {
    const headers = { 'sec-fetch-site': 'cross-site' };
    expect(await answersOf('GET', headers)).toEqual(['AUTH_CROSS_SITE', 'AUTH_CROSS_SITE']);
  });

  it.each([
    // Puppets, and whatever else is no browser; Node's own fetch says a mode.
    {},
    { 'sec-fetch-mode': 'cors' },
    { 'sec-fetch-site': 'same-origin' },
    // Entered by a person.
    { 'sec-fetch-site': 'none' },
  ])('answers all others: %j', async (headers) => {
    expect(await answersOf('GET', headers)).toEqual(['ok', 'ok']);
    if (headers['sec-fetch-site'] === 'none') return;
    expect(await answersOf('POST', headers)).toEqual(['ok', 'ok']);
    expect(await answersOf('GET', headers, { changesSomething: true })).toEqual(['ok', 'ok']);
  });
});

describe('the metrics', () => {
  const METRICS = 'secret-of-the-metrics';

  async function answerOf(environment: Environment, url: string, secret?: string): Promise<unknown> {
    const app = gated(environment);
    const readers = { config: { allowedCallers: ['operator', 'metrics'] as const } };
    app.get('/metrics', readers, ({ role }) => ({ role }));
    app.get('/closed', { config: { allowedCallers: ['operator'] } }, ({ role }) => ({ role }));
    app.get('/open', { config: { allowedCallers: 'anyone' } }, ({ role }) => ({ role }));
    const headers = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
    const response = await app.inject({ url, headers });
    return response.statusCode === 200 ? response.json() : response.json().code;
  }

  it.each([
    [
      'nobody has a secret',
      {},
      { nobody: { role: null }, operator: { role: null }, metrics: { role: null } },
    ],
    [
      'only operators have one',
      { AUTH_OPERATOR_TOKEN: OPERATOR },
      { nobody: 'AUTH_MISSING', operator: { role: 'operator' }, metrics: 'AUTH_WRONG' },
    ],
    [
      'only puppets have one',
      { AUTH_PUPPET_TOKEN: PUPPET },
      { nobody: 'AUTH_ROLE_CLOSED', operator: 'AUTH_ROLE_CLOSED', metrics: 'AUTH_ROLE_CLOSED' },
    ],
    [
      'only their readers have one',
      { METRICS_TOKEN: METRICS },
      { nobody: 'AUTH_MISSING', operator: 'AUTH_WRONG', metrics: { role: 'metrics' } },
    ],
    [
      'both have one',
      { METRICS_TOKEN: METRICS, AUTH_OPERATOR_TOKEN: OPERATOR },
      { nobody: 'AUTH_MISSING', operator: { role: 'operator' }, metrics: { role: 'metrics' } },
    ],
  ])('are open to whom they should be where %s', async (_where, environment, expected) => {
    const [nobody, operator, metrics] = await Promise.all(
      [undefined, OPERATOR, METRICS].map((secret) => answerOf(environment, '/metrics', secret)),
    );
    expect({ nobody, operator, metrics }).toEqual(expected);
  });

  it('have a secret that opens nothing else, and closes nothing else', async () => {
    const alone = { METRICS_TOKEN: METRICS };
    expect(await answerOf(alone, '/closed')).toEqual({ role: null });
    expect(await answerOf(alone, '/open')).toEqual({ role: null });
    const both = { ...alone, AUTH_OPERATOR_TOKEN: OPERATOR };
    expect(await answerOf(both, '/closed', METRICS)).toBe('AUTH_ROLE_FORBIDDEN');
  });
});

describe('the role of a request', () => {
  async function roleOf(environment: Environment, url: string, secret: string): Promise<unknown> {
    const app = gated(environment);
    app.get('/closed', { config: { allowedCallers: ['puppet', 'operator'] } }, ({ role }) => ({ role }));
    app.get('/open', { config: { allowedCallers: 'anyone' } }, ({ role }) => ({ role }));
    const response = await app.inject({ url, headers: { authorization: `Bearer ${secret}` } });
    return response.json().role;
  }

  const both = { AUTH_PUPPET_TOKEN: PUPPET, AUTH_OPERATOR_TOKEN: OPERATOR };

  it("is its credentials'", async () => {
    expect(await roleOf(both, '/closed', PUPPET)).toBe('puppet');
    expect(await roleOf(both, '/closed', OPERATOR)).toBe('operator');
  });

  it('is none where credentials are not asked for', async () => {
    expect(await roleOf(both, '/open', PUPPET)).toBeNull();
    expect(await roleOf({}, '/closed', PUPPET)).toBeNull();
  });
});

describe('a session', () => {
  const clock = new ManualClock();
  const both = { AUTH_PUPPET_TOKEN: PUPPET, AUTH_OPERATOR_TOKEN: OPERATOR };
  const session = new Sessions(ofOperators, clock, NOBODY).open(new Secret(OPERATOR));
  const cookie = `wxkf_session=${session?.value.reveal()}`;
  const basic = `Basic ${Buffer.from(`operator:${OPERATOR}`).toString('base64')}`;

  /** What a route of operators makes of it: the role, or the code of the refusal. */
  async function ask(
    method: 'GET' | 'POST',
    headers: Record<string, string>,
    environment: Environment = both,
  ) {
    const app = fastify();
    new Gate(loadConfig(environment), clock, judgesNothing, NO_BOT_KEYS, NOBODY).addTo(app);
    const closed = { config: { allowedCallers: ['operator'] as const } };
    app.get('/operators', closed, ({ role }) => ({ role }));
    app.post('/operators', closed, ({ role }) => ({ role }));
    const changing = { config: { ...closed.config, changesSomething: true } };
    app.get('/changing', changing, ({ role }) => ({ role }));
    app.get('/puppets', { config: { allowedCallers: ['puppet'] } }, ({ role }) => ({ role }));
    const { url = '/operators', ...others } = headers;
    const response = await app.inject({ method, url, headers: { host: 'wxkf.example:7777', ...others } });
    return response.statusCode === 200 ? response.json().role : response.json().code;
  }

  it('is an operator, to routes of operators alone', async () => {
    expect(await ask('GET', { cookie })).toBe('operator');
    expect(await ask('GET', { cookie, url: '/puppets' })).toBe('AUTH_ROLE_FORBIDDEN');
  });

  it('counts where no other credentials came', async () => {
    expect(await ask('GET', { cookie, authorization: `Bearer ${OPERATOR}` })).toBe('operator');
    expect(await ask('GET', { cookie, authorization: `Bearer ${PUPPET}` })).toBe('AUTH_ROLE_FORBIDDEN');
    expect(await ask('GET', { cookie, authorization: 'Bearer of-nobody-at-all' })).toBe('AUTH_WRONG');
  });

  it('that counts no longer is called so', async () => {
    expect(await ask('GET', { cookie: 'wxkf_session=x' })).toBe('AUTH_SESSION_ENDED');
    expect(await ask('GET', { cookie: 'theme=dark' })).toBe('AUTH_MISSING');
    expect(await ask('GET', { cookie }, { AUTH_OPERATOR_TOKEN: 'another-secret-of-operators' })).toBe(
      'AUTH_SESSION_ENDED',
    );
    expect(await ask('GET', { cookie }, { AUTH_PUPPET_TOKEN: PUPPET })).toBe('AUTH_ROLE_CLOSED');
  });

  const own = { cookie, 'x-wxkf-console': '1' };

  it.each([
    own,
    { ...own, origin: 'http://wxkf.example:7777' },
    { ...own, origin: 'http://WXKF.example:7777', host: 'wxkf.EXAMPLE:7777' },
    { ...own, 'sec-fetch-site': 'same-origin', origin: 'http://wxkf.example:7777' },
    // Through a proxy that puts its own Host in place.
    { ...own, 'sec-fetch-site': 'same-origin', origin: 'https://console.example' },
    { authorization: basic },
    { authorization: basic, origin: 'http://wxkf.example:7777' },
    { authorization: `Bearer ${OPERATOR}`, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
  ])('changes something for a page of the manager: %j', async (headers) => {
    expect(await ask('POST', headers)).toBe('operator');
    expect(await ask('GET', { ...headers, url: '/changing' })).toBe('operator');
  });

  it.each([
    { cookie },
    { cookie, 'x-wxkf-console': '0' },
    { ...own, origin: 'https://evil.example' },
    { ...own, origin: 'null' },
    { ...own, origin: 'http://wxkf.example' },
    { ...own, origin: 'http://wxkf.example:7777.evil.example' },
    { ...own, 'sec-fetch-site': 'cross-site' },
    { ...own, 'sec-fetch-site': 'same-site' },
    { ...own, 'sec-fetch-site': 'none' },
    { ...own, 'sec-fetch-site': 'cross-site', origin: 'http://wxkf.example:7777' },
    // A password that the browser was given once.
    { authorization: basic, origin: 'https://evil.example' },
    { authorization: basic, 'sec-fetch-site': 'cross-site' },
  ])('changes nothing for a page of another site: %j', async (headers) => {
    expect(await ask('POST', headers)).toBe('AUTH_CROSS_SITE');
    expect(await ask('GET', { ...headers, url: '/changing' })).toBe('AUTH_CROSS_SITE');
  });
});

describe('a named operator', () => {
  const clock = new ManualClock();
  const TOKENS = { reader: 'wxop_of-the-reader', admin: 'wxop_of-the-admin' };
  const data = new RecordData();
  const known = new KnownOperators(new MemoryRecords(data), clock);

  beforeAll(async () => {
    for (const role of ['reader', 'admin'] as const)
      await new MemoryRecords(data).of(OPERATORS).add(operatorOf({ name: role, role, secret: TOKENS[role] }));
    await known.read();
  });

  async function ask(method: 'GET' | 'HEAD' | 'POST' | 'DELETE', secret: string, url = '/operators') {
    const app = fastify();
    new Gate(loadConfig({ AUTH_PUPPET_TOKEN: PUPPET }), clock, judgesNothing, NO_BOT_KEYS, known).addTo(app);
    const config = { allowedCallers: ['operator'] as const };
    const answer = ({ role, operator }: FastifyRequest) => `${role} ${operator?.name}`;
    for (const verb of ['GET', 'POST', 'DELETE'] as const)
      app.route({ method: verb, url: '/operators', config, handler: answer });
    app.get('/changing', { config: { ...config, changesSomething: true } }, answer);
    app.get('/puppets', { config: { allowedCallers: ['puppet'] } }, answer);
    const response = await app.inject({ method, url, headers: { authorization: `Bearer ${secret}` } });
    if (method === 'HEAD') return response.statusCode;
    return response.statusCode === 200 ? response.body : response.json().code;
  }

  it('is let in by its token, also where no operator has a shared secret', async () => {
    expect(await ask('GET', TOKENS.reader)).toBe('operator reader');
    expect(await ask('GET', TOKENS.admin)).toBe('operator admin');
    expect(await ask('GET', TOKENS.admin, '/puppets')).toBe('AUTH_ROLE_FORBIDDEN');
    expect(await ask('GET', `${TOKENS.admin}x`)).toBe('AUTH_WRONG');
  });

  it('of the role admin changes things, and of the role reader nothing', async () => {
    expect(await ask('POST', TOKENS.admin)).toBe('operator admin');
    expect(await ask('HEAD', TOKENS.reader)).toBe(200);
    for (const method of ['POST', 'DELETE'] as const)
      expect(await ask(method, TOKENS.reader)).toBe('AUTH_READER');
    expect(await ask('GET', TOKENS.reader, '/changing')).toBe('AUTH_READER');
    expect(await ask('GET', TOKENS.admin, '/changing')).toBe('operator admin');
  });

  it('may come again while the store was never read, and is told no lie about its token', async () => {
    const unread = new KnownOperators(new MemoryRecords(data), clock);
    const app = fastify();
    new Gate(loadConfig({ AUTH_OPERATOR_TOKEN: OPERATOR }), clock, judgesNothing, NO_BOT_KEYS, unread).addTo(
      app,
    );
    app.get('/operators', { config: { allowedCallers: ['operator'] } }, () => 'ok');
    const codeOf = async (secret: string) => {
      const headers = { authorization: `Bearer ${secret}` };
      return (await app.inject({ url: '/operators', headers })).json().code;
    };
    expect(await codeOf(TOKENS.reader)).toBe('STORE_UNAVAILABLE');
    const ofSettings = { shared: [], signing: [new Secret(OPERATOR)] };
    const session = new Sessions(ofSettings, clock, known).open(new Secret(TOKENS.reader));
    const ask = async (cookie: string) =>
      (await app.inject({ url: '/operators', headers: { cookie: `wxkf_session=${cookie}` } })).json().code;
    expect(await ask(session?.value.reveal() ?? '')).toBe('STORE_UNAVAILABLE');
    expect(await ask('x')).toBe('AUTH_SESSION_ENDED');
    expect(await codeOf('of-nobody-at-all')).toBe('AUTH_WRONG');
  });
});

describe('an open manager with named operators', () => {
  const TOKEN = 'wxop_of-alice';

  /** What routes of operators and of puppets answer: the status, and the answer or the error. */
  async function ask(known: KnownOperators, headers: Record<string, string> = {}) {
    const app = fastify();
    new Gate(loadConfig({}), new ManualClock(), judgesNothing, NO_BOT_KEYS, known).addTo(app);
    const answer = (request: FastifyRequest) => `${request.operator?.name} ${app.stillLetsIn(request)}`;
    app.get('/operators', { config: { allowedCallers: ['operator'] } }, answer);
    app.get('/puppets', { config: { allowedCallers: ['puppet'] } }, () => 'ok');
    const calls = ['/operators', '/puppets'].map((url) => app.inject({ url, headers }));
    return (await Promise.all(calls)).map((response) =>
      response.statusCode === 200 ? response.body : response.json(),
    );
  }

  async function operatorsOf(...all: ReturnType<typeof operatorOf>[]): Promise<KnownOperators> {
    const records = new MemoryRecords();
    await records.of(OPERATORS).writeAll(all, []);
    return new KnownOperators(records, new ManualClock());
  }

  it('asks for a token where nobody but operators may call, and says what helps', async () => {
    const known = await operatorsOf(operatorOf({ secret: TOKEN }));
    await known.read();
    const missing = {
      code: 'AUTH_MISSING',
      message: expect.stringContaining('AUTH_OPERATOR_TOKEN, or the token of an operator'),
    };
    expect(await ask(known)).toMatchObject([missing, 'ok']);
    expect(await ask(known, { authorization: `Bearer ${TOKEN}` })).toEqual(['alice true', 'ok']);
    expect(await ask(known, { authorization: 'Bearer wxop_x' })).toMatchObject([
      { code: 'AUTH_WRONG' },
      'ok',
    ]);
  });

  it('is open while there are none, and only once that is known', async () => {
    const known = await operatorsOf();
    expect(await ask(known)).toMatchObject([{ code: 'STORE_UNAVAILABLE' }, 'ok']);
    await known.read();
    expect(await ask(known)).toEqual(['open manager true', 'ok']);
  });
});

describe('a manager whose operators sign in by OIDC', () => {
  const OIDC = {
    OIDC_ISSUER: 'https://login.example',
    OIDC_CLIENT_ID: 'manager',
    OIDC_CLIENT_SECRET: 'secret-of-the-client',
    OIDC_ADMIN_GROUPS: 'ops',
    PUBLIC_URL: 'https://wxkf.example',
  };

  async function ask(environment: Environment, headers: Record<string, string> = {}) {
    const app = gated({ ...OIDC, ...environment });
    const config = { allowedCallers: ['operator'] as const };
    app.get('/operators', { config }, (request) => `${request.operator?.name} ${app.stillLetsIn(request)}`);
    app.post('/operators', { config }, ({ operator }) => operator?.name);
    app.get('/puppets', { config: { allowedCallers: ['puppet'] } }, () => 'ok');
    await app.ready();
    const cookieOf = (role: 'admin' | 'reader') =>
      `wxkf_session=${app.sessions.openConfirmed({ name: 'alice (OIDC)', role, subject: '1' }).value.reveal()}`;
    const answerOf = async (method: 'GET' | 'POST', url: string, more: Record<string, string> = {}) => {
      const answer = await app.inject({ method, url, headers: { ...headers, ...more } });
      return answer.statusCode === 200 ? answer.body : answer.json().code;
    };
    return { answerOf, cookieOf };
  }

  it.each([{ AUTH_OPERATOR_TOKEN: OPERATOR }, { AUTH_PUPPET_TOKEN: PUPPET }, {}])(
    'is open to no operator without a session: %j',
    async (environment) => {
      const { answerOf, cookieOf } = await ask(environment);
      expect(await answerOf('GET', '/operators')).toBe('AUTH_MISSING');
      expect(await answerOf('GET', '/operators', { cookie: cookieOf('admin') })).toBe('alice (OIDC) true');
      const own = { 'x-wxkf-console': '1' };
      expect(await answerOf('POST', '/operators', { ...own, cookie: cookieOf('admin') })).toBe(
        'alice (OIDC)',
      );
      expect(await answerOf('POST', '/operators', { ...own, cookie: cookieOf('reader') })).toBe(
        'AUTH_READER',
      );
      expect(await answerOf('POST', '/operators', { cookie: cookieOf('admin') })).toBe('AUTH_CROSS_SITE');
    },
  );

  it('is as open to puppets as it was', async () => {
    const { answerOf, cookieOf } = await ask({});
    expect(await answerOf('GET', '/puppets')).toBe('ok');
    const closed = await ask({ AUTH_PUPPET_TOKEN: PUPPET });
    expect(await closed.answerOf('GET', '/puppets', { cookie: cookieOf('admin') })).toBe(
      'AUTH_SESSION_ENDED',
    );
    const cookie = closed.cookieOf('admin');
    expect(await closed.answerOf('GET', '/puppets', { cookie })).toBe('AUTH_ROLE_FORBIDDEN');
  });
});

it('a request knows when the session ends that it came with, where it came with one', async () => {
  const app = gated({ AUTH_OPERATOR_TOKEN: OPERATOR });
  app.get('/closed', { config: { allowedCallers: ['operator'] } }, ({ sessionEndMs }) => ({ sessionEndMs }));
  const ask = async (headers: Record<string, string>) =>
    (await app.inject({ url: '/closed', headers })).json().sessionEndMs;
  const session = new Sessions(ofOperators, new ManualClock(), NOBODY).open(new Secret(OPERATOR));
  const cookie = `wxkf_session=${session?.value.reveal()}`;
  expect(await ask({ cookie })).toBe(session?.endMs);
  expect(await ask({ authorization: `Bearer ${OPERATOR}` })).toBeNull();
  // Other credentials go before it.
  expect(await ask({ cookie, authorization: `Bearer ${OPERATOR}` })).toBeNull();
});

describe('a 401', () => {
  const challengesOf = (headers: Record<string, string>) =>
    challengesFor({ headers } as FastifyRequest).length;

  it.each([
    { 'x-wxkf-console': '1' },
    { accept: 'text/event-stream' },
    { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' },
  ])('makes no browser ask for a password where a script asks: %j', (headers) => {
    expect(challengesOf(headers)).toBe(1);
  });

  it.each([
    {},
    { accept: '*/*', 'sec-fetch-mode': 'cors' },
    { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' },
  ])('offers Basic to all others: %j', (headers) => {
    expect(challengesOf(headers)).toBe(2);
  });
});

describe("a bot's key that is not known", () => {
  const KEY = 'wxkf_of-a-bot-that-was-added-elsewhere';
  const bot = { id: 'bot-1', corpId: 'wwCorp_1' };
  const config = { allowedCallers: ['puppet'] as const, allowsBots: true };
  const environments = [{}, { AUTH_PUPPET_TOKEN: PUPPET }];

  /** What an open manager answers, and one with secrets: the bot, or the code of the refusal. */
  async function ask(lookUp: BotDirectory['lookUp'], key = KEY, path = false): Promise<unknown[]> {
    const answers = environments.map(async (environment) => {
      const app = fastify();
      const bots = new BotKeys({ find: () => null, lookUp });
      new Gate(loadConfig(environment), new ManualClock(), judgesNothing, bots, NOBODY).addTo(app);
      const answer = (request: FastifyRequest) => request.bot?.id ?? 'of nobody';
      app.get('/of-bots', { config }, answer);
      app.get('/of-bots/:key', { config: { allowedCallers: 'bots' } }, answer);
      const headers = path ? {} : { authorization: `Bearer ${key}` };
      const response = await app.inject({ url: path ? `/of-bots/${key}` : '/of-bots', headers });
      return response.statusCode === 200 ? response.body : response.json().code;
    });
    return Promise.all(answers);
  }

  it.each([true, false])('is looked up, in the path: %s', async (path) => {
    expect(await ask(async (key) => (key === KEY ? bot : null), KEY, path)).toEqual([bot.id, bot.id]);
  });

  it.each([true, false])('is not called wrong while nobody can tell, in the path: %s', async (path) => {
    const unavailable = async () => {
      throw new AppError('STORE_UNAVAILABLE');
    };
    expect(await ask(unavailable, KEY, path)).toEqual(['STORE_UNAVAILABLE', 'STORE_UNAVAILABLE']);
  });

  it('is wrong when it is not found; an open manager asks for none', async () => {
    expect(await ask(async () => null)).toEqual(['of nobody', 'AUTH_WRONG']);
    expect(await ask(async () => null, KEY, true)).toEqual(['AUTH_WRONG', 'AUTH_WRONG']);
  });

  it('is not asked about where a secret of the role came', async () => {
    const asked: string[] = [];
    await ask(async (key) => {
      asked.push(key);
      return null;
    }, PUPPET);
    // The open one does not know that it is no key.
    expect(asked).toEqual([PUPPET]);
  });
});
