import { Controller, Delete, Get, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SessionAnswer } from '../api/answers/session.js';
import { secretsSettingOf } from '../config/config.js';
import { AllowAnyone } from '../http/allowed-callers.js';
import { TakesBody } from '../http/bodies.js';
import { refusalOfForeignPage, refusalOfSessionUse } from '../http/own-page.js';
import { clearedCookie, setCookieOf } from '../http/sessions.js';
import { JsonBody } from '../http/validation.js';
import { AppError } from '../kernel/app-error.js';
import { Secret } from '../kernel/secret.js';
import { consoleConfig } from './console.config.js';
import { SignInDto } from './sign-in.dto.js';

/** Signing in to the console, and out. Open to anyone, since it is here that credentials are given. */
@Controller('console/session')
export class SessionController {
  readonly #isAsked: boolean;
  readonly #isClosed: boolean;

  constructor(@Inject(consoleConfig.KEY) { isOpen, hasOperatorSecret }: ConfigType<typeof consoleConfig>) {
    this.#isAsked = !isOpen;
    this.#isClosed = this.#isAsked && !hasOperatorSecret;
  }

  @Get()
  @AllowAnyone()
  show(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): SessionAnswer {
    return this.#answer(reply, request.server.sessions.endMsOf(request));
  }

  @Post()
  @TakesBody('json')
  @AllowAnyone()
  @HttpCode(200)
  open(
    @JsonBody(SignInDto) { token }: SignInDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): SessionAnswer {
    const refusal = refusalOfForeignPage(request);
    if (refusal !== undefined) throw refusal;
    if (!this.#isAsked) return this.#answer(reply, null);
    const detail = secretsSettingOf('operator');
    if (this.#isClosed) throw new AppError('AUTH_ROLE_CLOSED', { detail });
    const session = request.server.sessions.open(new Secret(token));
    if (session === null) throw new AppError('AUTH_WRONG', { detail });
    reply.header('set-cookie', setCookieOf(session, request.protocol));
    return this.#answer(reply, session.endMs);
  }

  @Delete()
  @AllowAnyone()
  end(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): SessionAnswer {
    const refusal = refusalOfSessionUse(request);
    if (refusal !== undefined) throw refusal;
    request.server.sessions.end(request);
    reply.header('set-cookie', clearedCookie(request.protocol));
    return this.#answer(reply, null);
  }

  #answer(reply: FastifyReply, endMs: number | null): SessionAnswer {
    reply.header('cache-control', 'no-store');
    return {
      isSignedIn: !this.#isAsked || endMs !== null,
      isAsked: this.#isAsked,
      expiresAt: endMs === null ? null : new Date(endMs).toISOString(),
    };
  }
}
