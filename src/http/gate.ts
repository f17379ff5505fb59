/**
 * Asks callers for credentials before anything of the body is read. A hook on the routes that need it and
 * on no other, so that callbacks, which are open to anyone, pay nothing; a guard of Nest would run on all,
 * and after the body.
 */
import type { FastifyInstance, onRequestHookHandler, RouteOptions } from 'fastify';
import { type Config, isOpen, secretsOf, secretsSettingOf } from '../config/config.js';
import { AppError } from '../kernel/app-error.js';
import type { Caller } from '../kernel/role.js';
import { isLoopbackName } from './address.js';
import type { AllowedCallers } from './allowed-callers.js';
import { Credentials } from './credentials.js';
import { refuseForeignPages } from './loopback-callers.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose credentials came; `null` where none were asked for, also when everything is open. */
    role: Caller | null;
  }
}

/** What a 401 says besides (RFC 9110, 11.6.1). */
export const CHALLENGES = ['Bearer realm="wxkf-manager"', 'Basic realm="wxkf-manager", charset="UTF-8"'];

/**
 * To be called before any route is added.
 * @throws Error from adding a route that does not state who may call it.
 */
export function addGate(fastify: FastifyInstance, config: Config): void {
  const credentials = new Credentials((caller) => secretsOf(config, caller));
  fastify.decorateRequest('role', null);
  fastify.addHook('onRoute', (route) => {
    const allowed = statementOf(route);
    if (allowed === 'anyone') return;
    if (isAsked(config, allowed)) putFirst(route, askFor(credentials, config, allowed));
    else if (isLoopbackName(config.host)) putFirst(route, refuseForeignPages);
  });
}

function putFirst(route: RouteOptions, hook: onRequestHookHandler): void {
  route.onRequest = [hook, route.onRequest ?? []].flat();
}

function statementOf({ method, url, config }: RouteOptions): AllowedCallers {
  if (config?.allowedCallers !== undefined) return config.allowedCallers;
  throw new Error(`${method} ${url} does not state who may call it; add @AllowRoles(…) or @AllowAnyone()`);
}

/** While no role has a secret, only one for the metrics is asked for, on their own route. */
function isAsked(config: Config, allowed: readonly Caller[]): boolean {
  const hasOwn = allowed.includes('metrics') && secretsOf(config, 'metrics').length > 0;
  return hasOwn || !isOpen(config);
}

function askFor(credentials: Credentials, config: Config, allowed: readonly Caller[]): onRequestHookHandler {
  const isClosed = allowed.every((caller) => secretsOf(config, caller).length === 0);
  const roles = allowed.join(' or ');
  const settings = allowed.map(secretsSettingOf).join(' or ');
  return (request, _reply, done) => {
    const { authorization = '' } = request.headers;
    request.role = credentials.callerOf(authorization);
    if (request.role !== null) {
      if (allowed.includes(request.role)) return done();
      const detail = isClosed ? `${roles}, once ${settings} is set` : roles;
      return done(new AppError('AUTH_ROLE_FORBIDDEN', { detail, internal: { role: request.role } }));
    }
    if (isClosed) return done(new AppError('AUTH_ROLE_CLOSED', { detail: settings }));
    return done(new AppError(authorization === '' ? 'AUTH_MISSING' : 'AUTH_WRONG', { detail: settings }));
  };
}
