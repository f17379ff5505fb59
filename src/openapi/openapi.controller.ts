import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Controller, Get, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AllowAnyone } from '../http/allowed-callers.js';
import { OWN_FILES_ONLY, Page } from '../http/browser-headers.js';
import { KEPT_IF_UNCHANGED, StaticFiles } from '../http/static-files.js';
import { AppError } from '../kernel/app-error.js';
import { DOCS_PAGE, DOCS_SCRIPT } from './docs-page.js';

/** What the page loads of swagger-ui-dist, which has other pages, too. */
const FILES = new Set(['swagger-ui-bundle.js', 'swagger-ui.css', 'favicon-32x32.png']);
const FOLDER = dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')));

/** The OpenAPI document and its page. Both are open to anyone: they hold no secret. */
@Controller()
export class OpenapiController {
  readonly #own = new StaticFiles(import.meta.dirname);
  readonly #files = new StaticFiles(FOLDER);

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
    } else if (FILES.has(name)) await this.#files.answer(name, KEPT_IF_UNCHANGED, request, reply);
    else throw new AppError('ROUTE_NOT_FOUND');
  }
}
