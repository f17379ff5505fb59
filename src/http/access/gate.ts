/**
 * Asks callers for credentials before anything of the body is read. It is a hook on the routes that need it and on no others, so
 * callbacks, which are open to anyone, pay nothing. A guard of Nest would run on all routes, and after the body is read.
 */
import type {
  FastifyInstance,
  FastifyRequest,
  onRequestAsyncHookHandler,
  onRequestHookHandler,
  RouteOptions,
} from 'fastify';
import { type Config, isOpen, secretsOf, secretsSettingOf } from '../../config/config.js';
import { oidcOf } from '../../config/oidc.js';
import { AppError } from '../../kernel/app-error.js';
import type { Clock } from '../../kernel/clock.js';
import type { ErrorCode } from '../../kernel/error-table.js';
import type { Caller } from '../../kernel/role.js';
import type { AllowedCallers } from './allowed-callers.js';
import type { BotKeys, CallingBot } from './bot-keys.js';
import { Credentials, toSecret } from './credentials.js';
import { refuseForeignHosts } from './foreign-hosts.js';
import {
  type CallingOperator,
  OPEN_MANAGER,
  type OperatorDirectory,
  SHARED_SECRET,
} from './operator-directory.js';
import {
  isFromScript,
  isReading,
  refusalOfForeignPage,
  refusalOfSessionUse,
  refuseOtherSites,
} from './own-page.js';
import type { Refusals } from '../limits/refusals.js';
import { hasSession, Sessions } from './sessions.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** The role of the credentials; `null` when none were required, as while no role has a secret. */
    role: Caller | null;
    /** The bot whose key was sent; `null` on routes that take no keys. */
    bot: CallingBot | null;
    /** The caller that has the role `operator`; `null` for other callers, and before the caller is let in. */
    operator: CallingOperator | null;
    /** When the session of the request ends, wall clock; `null` with other credentials, or none. */
    sessionEndMs: number | null;
  }
  interface FastifyInstance {
    /** The console's sessions. */
    sessions: Sessions;
    /** Whether the credentials of a request that is still running are still valid. */
    stillLetsIn: (request: FastifyRequest) => boolean;
  }
}

const BEARER = 'Bearer realm="wxkf-manager"';
const BASIC = 'Basic realm="wxkf-manager", charset="UTF-8"';

/** The header of a 401 (RFC 9110, 11.6.1). */
export function challengesFor(request: FastifyRequest): string[] {
  return isFromScript(request) ? [BEARER] : [BEARER, BASIC];
}

export class Gate {
  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly refusals: Pick<Refusals, 'judge'>,
    private readonly bots: BotKeys,
    private readonly operators: OperatorDirectory,
  ) {}

  /**
   * Call it before any route is added.
   * @throws Error from adding a route that does not state who may call it.
   */
  addTo(fastify: FastifyInstance): void {
    const { config, clock, refusals, bots, operators } = this;
    const oidc = oidcOf(config);
    const keys = {
      bots,
      operators,
      credentials: new Credentials((caller) => secretsOf(config, caller)),
      sessions: new Sessions(
        {
          shared: secretsOf(config, 'operator'),
          signing: (['operator', 'puppet', 'gateway'] as const).flatMap((role) => secretsOf(config, role)),
          oidc,
        },
        clock,
        operators,
      ),
    };
    const refuseOthers = [refuseForeignHosts(config.allowedHosts), refuseOtherSites];
    fastify.decorateRequest('role', null);
    fastify.decorateRequest('bot', null);
    fastify.decorateRequest('operator', null);
    fastify.decorateRequest('sessionEndMs', null);
    fastify.decorate('sessions', keys.sessions);
    fastify.decorate('stillLetsIn', (request) => {
      const { allowedCallers } = request.routeOptions.config;
      const isAskedNow = (oidc !== null || operators.hasAny) && isOfOperators(allowedCallers);
      return (isOpen(config) && !isAskedNow) || callerOf(keys, request).role !== null;
    });
    fastify.addHook('onRoute', (route) => {
      const allowed = statementOf(route);
      if (allowed === 'bots') return putFirst(route, askForKeyInPath(bots));
      if (allowed === 'anyone') {
        if (route.config?.recognizesCallers && !isOpen(config)) putFirst(route, recognize(keys, refusals));
        return;
      }
      const allowsBots = route.config?.allowsBots === true;
      const ask = askFor(keys, config, allowed, allowsBots);
      if (isAsked(config, allowed)) return putFirst(route, ask);
      const askOperators = oidc === null ? askOnceNamed(operators, ask) : ask;
      const letIn = isOfOperators(allowed) ? askOperators : letInAsOperator;
      putFirst(route, ...refuseOthers, letIn, ...(allowsBots ? [recognizeBot(bots)] : []));
    });
  }
}

type Hook = onRequestHookHandler | onRequestAsyncHookHandler;

function putFirst(route: RouteOptions, ...hooks: Hook[]): void {
  // Fastify takes both kinds of hooks, but its type of a route has only one.
  route.onRequest = [hooks, route.onRequest ?? []].flat() as onRequestHookHandler[];
}

function statementOf({ method, url, config }: RouteOptions): AllowedCallers {
  if (config?.allowedCallers !== undefined) return config.allowedCallers;
  throw new Error(`${method} ${url} does not state who may call it; add @AllowRoles(…) or @AllowAnyone()`);
}

/** While no role has a secret, no route asks for credentials, except that of the metrics if the metrics have a secret. */
function isAsked(config: Config, allowed: readonly Caller[]): boolean {
  const hasOwn = allowed.includes('metrics') && secretsOf(config, 'metrics').length > 0;
  return hasOwn || !isOpen(config);
}

interface Keys {
  readonly credentials: Credentials;
  readonly sessions: Sessions;
  readonly bots: BotKeys;
  readonly operators: OperatorDirectory;
}

/** While nobody needs credentials, everybody is an operator. */
const letInAsOperator: onRequestHookHandler = (request, _reply, done) => {
  request.operator = OPEN_MANAGER;
  done();
};

/**
 * Asks on routes of operators alone as soon as operators have tokens of their own, although the settings have no secret: the
 * last one may have been removed since.
 */
function askOnceNamed(
  operators: OperatorDirectory,
  ask: onRequestAsyncHookHandler,
): onRequestAsyncHookHandler {
  return async function askOrLetIn(request, reply) {
    if (!operators.isLoaded) throw new AppError('STORE_UNAVAILABLE');
    if (operators.hasAny) await ask.call(this, request, reply);
    else request.operator = OPEN_MANAGER;
  };
}

function isOfOperators(allowed: AllowedCallers | undefined): boolean {
  return Array.isArray(allowed) && allowed.every((caller) => caller === 'operator');
}

/** While nobody needs credentials, a key still says which bot calls. */
function recognizeBot(bots: BotKeys): onRequestAsyncHookHandler {
  return async (request) => {
    request.bot = await bots.findOrLookUp(toSecret(request.headers.authorization ?? ''));
  };
}

function askForKeyInPath(bots: BotKeys): onRequestAsyncHookHandler {
  return async (request) => {
    const { key = '' } = request.params as { readonly key?: string };
    request.bot = await bots.findOrLookUp(key);
    if (request.bot === null) throw new AppError('AUTH_WRONG', { detail: 'the path holds no key of a bot' });
  };
}

function askFor(
  keys: Keys,
  config: Config,
  allowed: readonly Caller[],
  allowsBots: boolean,
): onRequestAsyncHookHandler {
  const hasNoSecret = allowed.every((caller) => secretsOf(config, caller).length === 0);
  const roles = allowed.join(' or ');
  const ofSettings = allowed.map(secretsSettingOf).join(' or ');
  const isForOidc = allowed.includes('operator') && oidcOf(config) !== null;
  return async (request) => {
    const { role, operator, refusal, without } = callerOf(keys, request);
    const takesTokens = allowed.includes('operator') && keys.operators.hasAny;
    const settings = takesTokens ? `${ofSettings}, or the token of an operator` : ofSettings;
    const isClosed = hasNoSecret && !takesTokens && !isForOidc;
    request.role = role;
    request.operator = operator;
    if (role === null && without === 'AUTH_WRONG') {
      const key = toSecret(request.headers.authorization ?? '');
      if (allowsBots) {
        request.bot = await keys.bots.findOrLookUp(key);
        if (request.bot !== null) return throwAny(refusal);
      } else {
        const botId = keys.bots.find(key)?.id;
        if (botId) throw new AppError('AUTH_ROLE_FORBIDDEN', { detail: roles, internal: { botId } });
      }
    }
    if (role === null) throw new AppError(isClosed ? 'AUTH_ROLE_CLOSED' : without, { detail: settings });
    if (allowed.includes(role)) return throwAny(refusal ?? refusalOfReader(request));
    const detail = isClosed ? `${roles}, once ${settings} is set` : roles;
    throw new AppError('AUTH_ROLE_FORBIDDEN', { detail, internal: { role } });
  };
}

function throwAny(refusal: AppError | undefined): void {
  if (refusal !== undefined) throw refusal;
}

/**
 * Refuses nobody. A wrong secret is still counted, as on any other route: otherwise guesses here would go
 * unnoticed.
 */
function recognize(keys: Keys, refusals: Pick<Refusals, 'judge'>): onRequestHookHandler {
  return (request, _reply, done) => {
    const { role, refusal, without } = callerOf(keys, request);
    if (refusal === undefined) request.role = role;
    if (role === null && without === 'AUTH_WRONG') refusals.judge(new AppError(without), request.ip);
    done();
  };
}

/** A reader may do everything that changes nothing. No other place decides this. */
function refusalOfReader(request: FastifyRequest): AppError | undefined {
  if (request.operator?.role !== 'reader' || isReading(request)) return undefined;
  return new AppError('AUTH_READER', { internal: { operator: request.operator.name } });
}

interface Judged {
  readonly role: Caller | null;
  readonly operator: CallingOperator | null;
  /** Why valid credentials may not be used in this way. */
  readonly refusal: AppError | undefined;
  /** The error when no role has these credentials. */
  readonly without: ErrorCode;
}

/** A session counts only without other credentials. */
function callerOf({ credentials, sessions, operators }: Keys, request: FastifyRequest): Judged {
  const { authorization = '' } = request.headers;
  if (authorization !== '') {
    const shared = credentials.callerOf(authorization);
    const operator = shared === 'operator' ? SHARED_SECRET : ownerOf(shared, authorization, operators);
    const isUnsure = shared === null && operators.mayBecomeKnown(toSecret(authorization));
    const refusal = isBasic(authorization) ? refusalOfForeignPage(request) : undefined;
    return {
      role: operator === null ? shared : 'operator',
      operator,
      refusal,
      without: isUnsure ? 'STORE_UNAVAILABLE' : 'AUTH_WRONG',
    };
  }
  if (!hasSession(request))
    return { role: null, operator: null, refusal: undefined, without: 'AUTH_MISSING' };
  const session = sessions.find(request);
  request.sessionEndMs = session?.endMs ?? null;
  return {
    role: session === null ? null : 'operator',
    operator: session?.operator ?? null,
    refusal: refusalOfSessionUse(request),
    without: sessions.isUnsureOfSession(request) ? 'STORE_UNAVAILABLE' : 'AUTH_SESSION_ENDED',
  };
}

/** @returns the operator whose token was sent; `null` if it was the secret of a role, or unknown. */
function ownerOf(
  shared: Caller | null,
  authorization: string,
  operators: OperatorDirectory,
): CallingOperator | null {
  return shared === null && operators.hasAny ? operators.findByToken(toSecret(authorization)) : null;
}

/** A browser that was once given a password sends it with every later request. */
function isBasic(authorization: string): boolean {
  return /^basic /i.test(authorization);
}
