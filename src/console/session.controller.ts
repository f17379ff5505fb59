import { Body, Controller, Delete, Get, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { secretsSettingOf } from '../config/config.js';
import type { OidcSettings } from '../config/oidc.js';
import { AllowAnyone } from '../http/access/allowed-callers.js';
import { TakesBody } from '../http/limits/bodies.js';
import { ApiHeader, ApiOkResponse, ApiTags, Errors } from '../http/answers/swagger.js';
import { Audited } from '../http/access/audit-hook.js';
import { CONSOLE_HEADER, refusalOfForeignPage, refusalOfSessionUse } from '../http/access/own-page.js';
import { clearedCookie, type ConsoleSession, type Sessions, setCookieOf } from '../http/access/sessions.js';
import { AppError } from '../kernel/app-error.js';
import { Secret } from '../kernel/secret.js';
import { consoleConfig } from './console.config.js';
import { SETS_SESSION, type SessionAnswer, type SignInByOidc, SignInDto } from './session.dto.js';

const OWN_PAGE = {
  name: CONSOLE_HEADER,
  required: true,
  description:
    'Proves that a page of the manager sends the request: a page of another site cannot send this header.',
  schema: { type: 'string', const: '1' },
  example: '1',
};

/** Sign-in and sign-out of the console. Open to anyone, since people send their credentials here. */
@Controller('console/session')
@ApiTags('console')
export class SessionController {
  readonly #isOpen: boolean;
  readonly #oidc: SignInByOidc | null;

  constructor(@Inject(consoleConfig.KEY) private readonly config: ConfigType<typeof consoleConfig>) {
    const { isOpen, oidc } = config;
    this.#isOpen = isOpen && oidc === null;
    this.#oidc = oidc === null ? null : toSignIn(oidc);
  }

  /**
   * Show whether the browser is signed in.
   * @remarks Reads the cookie of the request. Never 401.
   */
  @Get()
  @AllowAnyone()
  @ApiOkResponse({ description: 'The session, or that there is none.' })
  @Errors('STORE_UNAVAILABLE')
  getSession(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): SessionAnswer {
    const { sessions } = request.server;
    const session = sessions.find(request);
    if (session === null && sessions.isUnsureOfSession(request)) throw new AppError('STORE_UNAVAILABLE');
    return this.#answer(request, reply, session);
  }

  /**
   * Sign in to the console.
   * @remarks
   * Sets a cookie that gives the role `operator` for 12 h, on all replicas. It ends earlier when the secret is removed, or when
   * the named operator is removed or gets another token. Safe to repeat.
   */
  @Post()
  @TakesBody('json')
  @Audited()
  @AllowAnyone()
  @HttpCode(200)
  @ApiOkResponse({
    description:
      'The session. While no role has a secret and there is no named operator, no session is opened, and none is needed.',
    headers: SETS_SESSION,
  })
  @Errors('AUTH_WRONG', 'AUTH_ROLE_CLOSED', 'AUTH_TOO_MANY_FAILED', 'AUTH_CROSS_SITE', 'STORE_UNAVAILABLE')
  signIn(
    @Body() { token }: SignInDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): SessionAnswer {
    const refusal = refusalOfForeignPage(request);
    if (refusal !== undefined) throw refusal;
    if (!this.#isAsked(request)) return this.#answer(request, reply, null);
    const { sessions } = request.server;
    const secret = new Secret(token);
    const session = sessions.open(secret);
    if (session === null) throw refusalOf(secret, sessions);
    request.operator = session.operator;
    reply.header('set-cookie', setCookieOf(session, request.protocol));
    return this.#answer(request, reply, session);
  }

  /**
   * Sign out.
   * @remarks
   * Clears the cookie and ends the session at once in this process. Other replicas end it within 2 s, or as soon as the store
   * answers again. Safe to repeat.
   */
  @Delete()
  @Audited()
  @AllowAnyone()
  @ApiHeader(OWN_PAGE)
  @ApiOkResponse({ description: 'Nobody is signed in any more.', headers: SETS_SESSION })
  @Errors('AUTH_CROSS_SITE')
  signOut(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): SessionAnswer {
    const refusal = refusalOfSessionUse(request);
    if (refusal !== undefined) throw refusal;
    request.operator = request.server.sessions.find(request)?.operator ?? null;
    request.server.sessions.end(request);
    reply.header('set-cookie', clearedCookie(request.protocol));
    return this.#answer(request, reply, null);
  }

  #isAsked({ server }: FastifyRequest): boolean {
    return !this.#isOpen || server.sessions.hasNamedOperators;
  }

  #answer(request: FastifyRequest, reply: FastifyReply, session: ConsoleSession | null): SessionAnswer {
    const isAsked = this.#isAsked(request);
    const isSignedIn = !isAsked || session !== null;
    reply.header('cache-control', 'no-store');
    return {
      isSignedIn,
      isAsked,
      expiresAt: session === null ? null : new Date(session.endMs).toISOString(),
      operator: session === null ? null : { name: session.operator.name, role: session.operator.role },
      hasSecretsKey: isSignedIn ? this.config.hasSecretsKey : null,
      oidc: this.#oidc,
    };
  }
}

function toSignIn({ issuer, publicUrl, groupsClaim }: OidcSettings): SignInByOidc {
  return { provider: issuer.host, url: new URL('/console/oidc', publicUrl).href, groupsClaim };
}

function refusalOf(secret: Secret, sessions: Sessions): AppError {
  if (sessions.isUnsureOf(secret)) return new AppError('STORE_UNAVAILABLE');
  return new AppError(sessions.canOpen ? 'AUTH_WRONG' : 'AUTH_ROLE_CLOSED', {
    detail: secretsSettingOf('operator'),
  });
}
