import { Controller, Get, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AllowAnyone } from '../http/allowed-callers.js';
import { OWN_FILES_ONLY, Page } from '../http/browser-headers.js';
import { KEPT_IF_UNCHANGED, StaticFiles } from '../http/static-files.js';
import { AppError } from '../kernel/app-error.js';
import { inPackage } from '../kernel/package-root.js';
import { DOCS_PAGE, DOCS_SCRIPT, SWAGGER_UI_FILES } from './docs-page.js';

/** The OpenAPI document and its page. Both are open to anyone: they hold no secret. */
@Controller()
export class OpenapiController {
  readonly #own = new StaticFiles(inPackage('dist/openapi'));
  readonly #files = new StaticFiles(inPackage('dist/openapi/swagger-ui'));

  /** What the build wrote. */
  @Get('docs-json')
  @AllowAnyone()
  async json(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.#own.answer('openapi.json', KEPT_IF_UNCHANGED, request, reply);
  }

  @Get('docs')
  @AllowAnyone()
  @Page(OWN_FILES_ONLY)
  page(@Res({ passthrough: true }) reply: FastifyReply): string {
    reply.type('text/html; charset=utf-8').header('cache-control', KEPT_IF_UNCHANGED);
    return DOCS_PAGE;
  }

  @Get('docs/*')
  @AllowAnyone()
  async file(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { '*': name } = request.params as { readonly '*': string };
    if (name === 'start.js') {
      const type = 'text/javascript; charset=utf-8';
      reply.type(type).header('cache-control', KEPT_IF_UNCHANGED).send(DOCS_SCRIPT);
    } else if (SWAGGER_UI_FILES.includes(name))
      await this.#files.answer(name, KEPT_IF_UNCHANGED, request, reply);
    else throw new AppError('ROUTE_NOT_FOUND');
  }
}
