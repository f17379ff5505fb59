import { Controller, Get, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AllowAnyone } from '../http/allowed-callers.js';
import { OWN_FILES_ONLY, Page } from '../http/browser-headers.js';
import { KEPT_FOR_A_YEAR, KEPT_IF_UNCHANGED, StaticFiles } from '../http/static-files.js';
import { AppError } from '../kernel/app-error.js';
import { inPackage } from '../kernel/package-root.js';

const PAGE = 'index.html';

/** What `npm run build:console` made. It holds nothing of what is registered here, so anyone may have it. */
@Controller()
export class ConsoleController {
  readonly #files = new StaticFiles(inPackage('dist/console/public'));

  /** A person who entered the bare address. */
  @Get()
  @AllowAnyone()
  root(@Req() { headers }: FastifyRequest, @Res() reply: FastifyReply): void {
    if (!headers.accept?.includes('text/html')) throw new AppError('ROUTE_NOT_FOUND');
    reply.header('vary', 'Accept').redirect('/console', 302);
  }

  @Get('console')
  @AllowAnyone()
  @Page(OWN_FILES_ONLY)
  async page(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.#files.answer(PAGE, KEPT_IF_UNCHANGED, request, reply);
  }

  /** The page finds out by itself what it shows at which of its paths; a file has an ending. */
  @Get('console/*')
  @AllowAnyone()
  @Page(OWN_FILES_ONLY)
  async file(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const { '*': path } = request.params as { readonly '*': string };
    const isFile = /\.[^/]*$/.test(path);
    const isHashed = path.startsWith('assets/');
    const cacheControl = isHashed ? KEPT_FOR_A_YEAR : KEPT_IF_UNCHANGED;
    await this.#files.answer(isFile || isHashed ? path : PAGE, cacheControl, request, reply);
  }
}
