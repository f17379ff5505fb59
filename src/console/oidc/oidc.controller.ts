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

/** `lax`, since the browser comes back from another site. */
const FLOW_COOKIE: OwnCookie = { name: 'wxkf_sign_in', maxAgeS: FLOW_MS / 1_000, sameSite: 'lax' };
const PAGE = '/console';
const ERROR = 'signInError';
const SEE_OTHER = 303;

/** Sign-in to the console by an OpenID provider: the browser is sent there, and comes back. */
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
   * For a browser, which is redirected to the provider of OIDC_ISSUER and gets a cookie for 10 minutes. One that a page of
   * another site or host leads here is redirected to the page that is asked for, where a person can sign in. A browser that
   * accepts `text/html` meets errors on that page.
   */
  @Get()
  @AllowAnyone()
  @ErrorsOnPage(PAGE, ERROR)
  @ApiResponse({
    status: 303,
    description: 'To the provider, or to the page that is asked for.',
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
    // Else a link of somebody else would end a sign-in under way, or sign somebody in unasked.
    if (isLedByOtherPage(request)) return void reply.redirect(page, SEE_OTHER);
    request.pageAskedFor = page;
    const { address, flow } = await this.signIn.begin(page);
    reply.header('set-cookie', setCookie(FLOW_COOKIE, flow.reveal(), this.signIn.protocol));
    reply.redirect(address.href, SEE_OTHER);
  }

  /**
   * Come back from the provider.
   * @remarks
   * Sets the console's cookie for 8 h, where the provider confirms the sign-in that this browser began, and the person is in a
   * group of OIDC_ADMIN_GROUPS or OIDC_READER_GROUPS.
   */
  @Get('callback')
  @Audited()
  @AllowAnyone()
  @ErrorsOnPage(PAGE, ERROR)
  @ApiQuery({ type: OidcCallbackDto })
  @ApiResponse({
    status: 303,
    description: 'To the page of the console that was asked for.',
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
    // Whatever comes of it, it is over; a link of somebody else ends nobody's.
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
