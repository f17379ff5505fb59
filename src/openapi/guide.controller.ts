import { extname } from 'node:path';
import { Controller, Get, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AllowAnyone } from '../http/access/allowed-callers.js';
import { OWN_FILES_ONLY, Page } from '../http/answers/browser-headers.js';
import { KEPT_IF_UNCHANGED, StaticFiles } from '../http/answers/static-files.js';
import { ApiOkResponse, ApiParam, ApiTags, Errors } from '../http/answers/swagger.js';
import { inPackage } from '../kernel/package-root.js';

const HTML = { 'text/html': { schema: { type: 'string' }, example: '<!doctype html>' } };

/** The documents of docs/ as pages of this version. They hold no secret and are open to anyone. */
@Controller('docs/guide')
@ApiTags('documents')
export class GuideController {
  readonly #files = new StaticFiles(inPackage('dist/guide'));

  /**
   * The guide.
   * @remarks Its list of pages. `npm run build` writes the guide; without a build the answer is 404.
   */
  @Get()
  @AllowAnyone()
  @Page(OWN_FILES_ONLY)
  @ApiOkResponse({ description: 'The page.', content: HTML })
  @Errors('ROUTE_NOT_FOUND')
  async getGuide(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.#files.answer('index.html', KEPT_IF_UNCHANGED, request, reply);
  }

  /**
   * A page of the guide, or a file of such a page.
   * @remarks In English, and below `zh` in Chinese.
   */
  @Get('*')
  @AllowAnyone()
  @Page(OWN_FILES_ONLY)
  @ApiParam({ name: 'path', description: 'The path of the page, or of the file.', example: 'zh/start' })
  @ApiOkResponse({ description: 'The page, or the file.', content: { ...HTML, '*/*': { schema: {} } } })
  @Errors('ROUTE_NOT_FOUND')
  async getGuidePage(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { '*': path } = request.params as { readonly '*': string };
    const file = extname(path) === '' ? `${path || 'index'}.html` : path;
    await this.#files.answer(file, KEPT_IF_UNCHANGED, request, reply);
  }
}
