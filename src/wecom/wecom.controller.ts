import { Controller, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AllowRoles } from '../http/allowed-callers.js';
import { TakesBody } from '../http/bodies.js';
import { Page, SANDBOXED } from '../http/browser-headers.js';
import { ChangesSomething } from '../http/own-page.js';
import { ApiProxy } from './proxy/api-proxy.js';
import { TokenAnswers } from './tokens/token-answers.js';

/**
 * What callers reach WeCom through: tokens, and every API under /cgi-bin/. A GET is no less than a POST here: WeCom
 * deletes by some, and a question for a token that fails counts against the address that all share.
 */
@Controller('puppetWxkfManager')
export class WecomController {
  constructor(
    private readonly tokens: TokenAnswers,
    private readonly proxy: ApiProxy,
  ) {}

  @Get('getToken')
  @AllowRoles('puppet', 'gateway')
  @ChangesSomething()
  async getToken(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.tokens.answer(request, reply);
  }

  @Get('wxkfRequestProxy/*')
  @AllowRoles('puppet')
  @ChangesSomething()
  @Page(SANDBOXED)
  async get(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.proxy.forward(request, reply);
  }

  /** The body goes through as it comes. What we answer in WeCom's place has its 200, not Nest's 201. */
  @Post('wxkfRequestProxy/*')
  @AllowRoles('puppet')
  @ChangesSomething()
  @Page(SANDBOXED)
  @TakesBody('streamed')
  @HttpCode(200)
  async post(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.proxy.forward(request, reply);
  }
}
