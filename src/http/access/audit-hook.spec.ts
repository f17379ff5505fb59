import { expect, it } from '@jest/globals';
import { fastify, type FastifyRequest } from 'fastify';
import { ManualClock } from '../../../test/support/manual-clock.js';
import { NO_BOT_KEYS, NOBODY } from '../../../test/support/nobody.js';
import { loadConfig } from '../../config/config.js';
import { AppError } from '../../kernel/app-error.js';
import { type AnsweredCall, AuditHook, type CallKind } from './audit-hook.js';
import { Gate } from './gate.js';
import { OPEN_MANAGER } from './operator-directory.js';

const OPERATOR = 'secret-of-the-operator';
const PUPPET = 'secret-of-the-puppets';

/** What was told of calls, after all of them. */
async function told(
  env: Readonly<Record<string, string>>,
  ...calls: readonly (readonly [method: 'GET' | 'POST' | 'DELETE', url: string, secret?: string])[]
): Promise<AnsweredCall[]> {
  const app = fastify();
  const found: AnsweredCall[] = [];
  const hook = new AuditHook({ record: (call) => void found.push(call) });
  app.decorateRequest('failure', null);
  app.setErrorHandler((error, request, reply) => {
    request.failure = error;
    void reply.code(403).send({});
  });
  const judge = (error: AppError) => error;
  new Gate(loadConfig(env), new ManualClock(), { judge }, NO_BOT_KEYS, NOBODY).addTo(app);
  hook.addTo(app);
  const config = { allowedCallers: ['operator'] as const };
  for (const method of ['GET', 'DELETE'] as const) {
    const handler = (request: FastifyRequest) => {
      request.done = { subject: 'LangBot', fields: ['name'] };
      return 'ok';
    };
    app.route({ method, url: '/bots/:id', config, handler });
  }
  app.delete('/puppets', { config: { allowedCallers: ['puppet'] } }, () => 'ok');
  app.post('/session', { config: { allowedCallers: 'anyone', isAudited: true } }, (request) => {
    throw new AppError(request.headers.authorization === undefined ? 'AUTH_WRONG' : 'AUTH_CROSS_SITE');
  });
  const base = await app.listen({ host: '127.0.0.1', port: 0 });
  for (const [method, url, secret] of calls) {
    const headers = secret ? { authorization: `Bearer ${secret}` } : {};
    await (await fetch(base + url, { method, headers })).text();
  }
  await app.close();
  return found;
}

it('tells of calls that change something, without what they say', async () => {
  const env = { AUTH_OPERATOR_TOKEN: OPERATOR, AUTH_PUPPET_TOKEN: PUPPET };
  const calls = await told(
    env,
    ['GET', '/bots/one', OPERATOR],
    ['DELETE', '/bots/one?token=marked-secret', OPERATOR],
    // Nobody that is known, and somebody who is no operator.
    ['DELETE', '/bots/one'],
    ['DELETE', '/puppets', PUPPET],
    ['DELETE', '/bots/one', PUPPET],
  );
  expect(calls).toEqual([
    {
      operator: 'shared secret',
      method: 'DELETE',
      route: '/bots/:id',
      path: '/bots/one',
      subject: 'LangBot',
      fields: ['name'],
      status: 200,
      from: '127.0.0.1',
      requestId: expect.any(String),
    },
  ]);
});

it('tells no key or token that was mistaken for an id', async () => {
  const calls = await told(
    {},
    ['DELETE', '/bots/wxkf_marked-secret'],
    ['DELETE', '/bots/%77xkf%5Fmarked-secret'],
    ['DELETE', '/bots/wxop_marked-secret#marked-secret'],
  );
  expect(calls.map(({ path }) => path)).toEqual(['/bots/***', '/bots/***', '/bots/***']);
});

it('tells of a sign-in that failed for its credentials, and of nobody by name', async () => {
  const env = { AUTH_OPERATOR_TOKEN: OPERATOR };
  expect(await told(env, ['POST', '/session'], ['POST', '/session', 'other'])).toMatchObject([
    { operator: null, path: '/session', status: 401 },
  ]);
});

it('says of which kind a call is', async () => {
  const kinds: CallKind[] = [];
  const hook = new AuditHook({ record: (_call, kind) => void kinds.push(kind) });
  const app = fastify();
  app.addHook('onRequest', async (request) => {
    request.operator = OPEN_MANAGER;
  });
  hook.addTo(app);
  const config = { allowedCallers: ['operator'] as const };
  app.post('/changes', { config }, () => 'ok');
  app.post('/refused', { config }, (_request, reply) => reply.code(403).send());
  app.delete('/session', { config: { allowedCallers: 'anyone', isAudited: true } }, () => 'ok');
  await app.inject({ method: 'POST', url: '/changes' });
  await app.inject({ method: 'POST', url: '/refused' });
  await app.inject({ method: 'DELETE', url: '/session' });
  await app.close();
  expect(kinds).toEqual(['change', 'refused', 'sign_ins']);
});

it('calls whoever an open manager lets in so', async () => {
  expect(await told({}, ['DELETE', '/bots/one'])).toMatchObject([{ operator: 'open manager', status: 200 }]);
});
