import { Controller, Get, Inject, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AllowAnyone } from '../../http/access/allowed-callers.js';
import { Audited } from '../../http/access/audit-hook.js';
import { cookieIn, type OwnCookie, setCookie } from '../../http/access/cookies.js';
import { isLedByOtherPage } from '../../http/access/own-page.js';
import { setCookieOf } from '../../http/access/sessions.js';
import { SETS_SESSION } from '../session.dto.js';
import { ApiQuery, ApiResponse, ApiTags, Errors } from '../../http/answers/swagger.js';
import { ErrorsOnPage } from '../../http/answers/error-page.js';
import { LOG, type Log } from '../../kernel/log.js';
import { toConsolePage } from './console-page.js';
import { OidcBeginDto, OidcCallbackDto } from './oidc.dto.js';
import { OidcSignIn } from './oidc-sign-in.js';
import { FLOW_MS } from './sign-in-flow.js';

/** `lax`, since the provider, another site, leads the browser back. */
const FLOW_COOKIE: OwnCookie = { name: 'wxkf_sign_in', maxAgeS: FLOW_MS / 1_000, sameSite: 'lax' };
const PAGE = '/console';
const ERROR = 'signInError';
const SEE_OTHER = 303;

/** Sign-in to the console by an OpenID provider. The browser is redirected to the provider and comes back. */
@Controller('console/oidc')
@ApiTags('console')
export class OidcController {
  constructor(
    private readonly signIn: OidcSignIn,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /**
   * Sign in to the console by OIDC.
   * @remarks
   * Redirects a browser to the provider of OIDC_ISSUER, and sets a cookie for 10 minutes. When a page of another site or host
   * leads the browser here, it is redirected to the requested page of the console instead, where a person can sign in. A browser
   * that accepts `text/html` gets errors on that page.
   */
  @Get()
  @AllowAnyone()
  @ErrorsOnPage(PAGE, ERROR)
  @ApiResponse({
    status: 303,
    description: 'To the provider, or to the requested page of the console.',
    headers: SETS_SESSION,
  })
  @Errors('AUTH_OIDC_OFF', 'AUTH_OIDC_UNREACHABLE')
  async begin(
    @Query() { to = PAGE }: OidcBeginDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    reply.header('cache-control', 'no-store');
    const page = toConsolePage(to);
    // Otherwise a link on another site could end a sign-in that is under way, or sign a person in without asking.
    if (isLedByOtherPage(request)) return void reply.redirect(page, SEE_OTHER);
    request.pageAskedFor = page;
    const { address, flow } = await this.signIn.begin(page);
    reply.header('set-cookie', setCookie(FLOW_COOKIE, flow.reveal(), this.signIn.protocol));
    reply.redirect(address.href, SEE_OTHER);
  }

  /**
   * Come back from the provider.
   * @remarks
   * Sets the console's cookie for 8 h. The provider must confirm a sign-in that this browser began, and the person must be in a
   * group of OIDC_ADMIN_GROUPS or OIDC_READER_GROUPS.
   */
  @Get('callback')
  @Audited()
  @AllowAnyone()
  @ErrorsOnPage(PAGE, ERROR)
  @ApiQuery({ type: OidcCallbackDto })
  @ApiResponse({
    status: 303,
    description: 'To the requested page of the console.',
    headers: SETS_SESSION,
  })
  @Errors(
    'AUTH_OIDC_OFF',
    'AUTH_OIDC_NOT_BEGUN',
    'AUTH_OIDC_REFUSED',
    'AUTH_OIDC_NO_ROLE',
    'AUTH_OIDC_UNREACHABLE',
    'AUTH_OIDC_TOO_MANY',
    'AUTH_TOO_MANY_FAILED',
  )
  async finish(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    reply.header('cache-control', 'no-store');
    const { protocol } = this.signIn;
    const sealed = cookieIn({ headers: request.headers, protocol }, FLOW_COOKIE.name);
    const query = request.url.replace(/^[^?]*\??/, '');
    const flow = this.signIn.find(query, sealed);
    request.pageAskedFor = flow.to;
    // The sign-in ends here, with any result. A link on another site does not get this far: it does not know `state`.
    reply.header('set-cookie', setCookie({ ...FLOW_COOKIE, maxAgeS: 0 }, '', protocol));
    const operator = await this.signIn.finish(query, flow, request.ip);
    const session = request.server.sessions.openConfirmed(operator);
    request.operator = session.operator;
    const { name, role, subject } = operator;
    const asked = { from: request.ip, requestId: String(request.id) };
    this.log.info({ operator: name, role, subject, ...asked }, 'oidc.signed_in');
    reply.header('set-cookie', setCookieOf(session, request.protocol));
    reply.redirect(flow.to, SEE_OTHER);
  }
}
