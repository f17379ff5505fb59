import { Controller, Get, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AllowAnyone } from '../http/access/allowed-callers.js';
import { OWN_FILES_ONLY, Page } from '../http/answers/browser-headers.js';
import { ApiOkResponse, ApiParam, ApiResponse, ApiTags, Errors } from '../http/answers/swagger.js';
import { KEPT_FOR_A_YEAR, KEPT_IF_UNCHANGED, StaticFiles } from '../http/answers/static-files.js';
import { AppError } from '../kernel/app-error.js';
import { inPackage } from '../kernel/package-root.js';

const PAGE = 'index.html';
const HTML = { 'text/html': { schema: { type: 'string' }, example: '<!doctype html>' } };

/** Serves the files that `npm run build` made. They contain no data, so they are open to anyone. */
@Controller()
@ApiTags('console')
export class ConsoleController {
  readonly #files = new StaticFiles(inPackage('dist/console/public'));

  /**
   * Redirect to the console.
   * @remarks For a person who entered the manager's address without a path. Clients that do not accept `text/html` get 404.
   */
  @Get()
  @AllowAnyone()
  @ApiResponse({ status: 302, description: 'The console is at `/console`.' })
  @Errors('ROUTE_NOT_FOUND')
  getRoot(@Req() { headers }: FastifyRequest, @Res() reply: FastifyReply): void {
    if (!headers.accept?.includes('text/html')) throw new AppError('ROUTE_NOT_FOUND');
    reply.header('vary', 'Accept').redirect('/console', 302);
  }

  /**
   * The console.
   * @remarks
   * A page that calls the rest of this API. It contains no data, so it is open to anyone.
   */
  @Get('console')
  @AllowAnyone()
  @Page(OWN_FILES_ONLY)
  @ApiOkResponse({ description: 'The page.', content: HTML })
  @Errors('ROUTE_NOT_FOUND')
  async getConsole(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.#files.answer(PAGE, KEPT_IF_UNCHANGED, request, reply);
  }

  /**
   * A file of the console, or one of its pages.
   * @remarks A path without a file extension is one of its pages, and returns the same as `/console`.
   */
  @Get('console/*')
  @AllowAnyone()
  @Page(OWN_FILES_ONLY)
  @ApiParam({
    name: 'path',
    description: 'The path of the file, or of the page.',
    example: 'accounts',
  })
  @ApiOkResponse({ description: 'The file, or the page.', content: { ...HTML, '*/*': { schema: {} } } })
  @Errors('ROUTE_NOT_FOUND')
  async getConsoleFile(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { '*': path } = request.params as { readonly '*': string };
    const isHashed = path.startsWith('assets/');
    const cacheControl = isHashed ? KEPT_FOR_A_YEAR : KEPT_IF_UNCHANGED;
    await this.#files.answer(isHashed || isFile(path) ? path : PAGE, cacheControl, request, reply);
  }
}

/**
 * Whether the path is that of a file, and not of a page of the console: its last part has an extension. It uses no regular
 * expression, which would read a long path again from each of its dots.
 */
export function isFile(path: string): boolean {
  return path.includes('.', path.lastIndexOf('/') + 1);
}
