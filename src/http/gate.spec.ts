import { describe, expect, it } from '@jest/globals';
import { type FastifyInstance, fastify } from 'fastify';
import { type Environment, loadConfig } from '../config/config.js';
import { addGate } from './gate.js';

const PUPPET = 'secret-of-the-puppets';
const OPERATOR = 'secret-of-the-operator';

function gated(environment: Environment): FastifyInstance {
  const app = fastify();
  addGate(app, loadConfig(environment));
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
