import { Controller, Get, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AllowAnyone } from '../http/access/allowed-callers.js';
import { OWN_FILES_ONLY, Page } from '../http/answers/browser-headers.js';
import { ApiOkResponse, ApiParam, ApiTags, Errors } from '../http/answers/swagger.js';
import { KEPT_IF_UNCHANGED, StaticFiles } from '../http/answers/static-files.js';
import { AppError } from '../kernel/app-error.js';
import { inPackage } from '../kernel/package-root.js';
import { DOCS_PAGE, DOCS_SCRIPT, SWAGGER_UI_FILES } from './docs-page.js';

const DOCUMENT = {
  'application/json': {
    schema: {
      type: 'object',
      required: ['openapi', 'info', 'paths'],
      properties: { openapi: { type: 'string' }, info: { type: 'object' }, paths: { type: 'object' } },
    },
    example: { openapi: '3.1.0', info: { title: 'WXKF-Manager', version: '2.1.0' }, paths: {} },
  },
};
const HTML = { 'text/html': { schema: { type: 'string' }, example: '<!doctype html>' } };

/** The OpenAPI document and its page. Both are open to anyone: they hold no secret. */
@Controller()
@ApiTags('documents')
export class OpenapiController {
  readonly #own = new StaticFiles(inPackage('dist/openapi'));
  readonly #files = new StaticFiles(inPackage('dist/openapi/swagger-ui'));

  /**
   * This document.
   * @remarks OpenAPI 3.1. `npm run build` writes it; without a build the answer is 404.
   */
  @Get('docs-json')
  @AllowAnyone()
  @ApiOkResponse({ description: 'The document.', content: DOCUMENT })
  @Errors('ROUTE_NOT_FOUND')
  async getDocument(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.#own.answer('openapi.json', KEPT_IF_UNCHANGED, request, reply);
  }

  /**
   * This document as a page.
   * @remarks Swagger UI. The page loads nothing from other servers.
   */
  @Get('docs')
  @AllowAnyone()
  @Page(OWN_FILES_ONLY)
  @ApiOkResponse({ description: 'The page.', content: HTML })
  getDocumentPage(@Res({ passthrough: true }) reply: FastifyReply): string {
    reply.type('text/html; charset=utf-8').header('cache-control', KEPT_IF_UNCHANGED);
    return DOCS_PAGE;
  }

  /**
   * A file of that page.
   * @remarks Its scripts and styles.
   */
  @Get('docs/*')
  @AllowAnyone()
  @ApiParam({ name: 'path', description: 'The name of the file.', example: 'swagger-ui.css' })
  @ApiOkResponse({ description: 'The file.', content: { '*/*': { schema: { type: 'string' } } } })
  @Errors('ROUTE_NOT_FOUND')
  async getDocumentAsset(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { '*': name } = request.params as { readonly '*': string };
    if (name === 'start.js') {
      const type = 'text/javascript; charset=utf-8';
      reply.type(type).header('cache-control', KEPT_IF_UNCHANGED).send(DOCS_SCRIPT);
    } else if (SWAGGER_UI_FILES.includes(name))
      await this.#files.answer(name, KEPT_IF_UNCHANGED, request, reply);
    else throw new AppError('ROUTE_NOT_FOUND');
  }
}
