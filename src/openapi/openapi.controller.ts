import { createReadStream } from 'node:fs';
import { Controller, Get, Param, Res, StreamableFile } from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import { AllowAnyone } from '../http/allowed-callers.js';
import { Page } from '../http/browser-headers.js';
import { AppError } from '../kernel/app-error.js';
import { DOCS_PAGE, DOCS_POLICY, DOCS_SCRIPT } from './docs-page.js';

/** What the page loads of swagger-ui-dist, by type. */
const FILES: Readonly<Record<string, string>> = {
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'swagger-ui.css': 'text/css; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

/** The OpenAPI document and its page. Both are open to anyone: they hold no secret. */
@Controller()
export class OpenapiController {
  #document: Promise<string> | null = null;

  constructor(
    private readonly modules: ModulesContainer,
    private readonly host: HttpAdapterHost,
  ) {}

  @Get('docs-json')
  @AllowAnyone()
  async json(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    reply.type('application/json; charset=utf-8');
    this.#document ??= this.#create();
    return this.#document;
  }

  @Get('docs')
  @AllowAnyone()
  @Page(DOCS_POLICY)
  page(@Res({ passthrough: true }) reply: FastifyReply): string {
    reply.type('text/html; charset=utf-8');
    return DOCS_PAGE;
  }

  @Get('docs/*')
  @AllowAnyone()
  file(@Param('*') name: string, @Res({ passthrough: true }) reply: FastifyReply): string | StreamableFile {
    if (name === 'start.js') {
      reply.type('text/javascript; charset=utf-8');
      return DOCS_SCRIPT;
    }
    const type = Object.hasOwn(FILES, name) ? FILES[name] : undefined;
    if (type === undefined) throw new AppError('ROUTE_NOT_FOUND');
    const place = new URL(import.meta.resolve(`swagger-ui-dist/${name}`));
    return new StreamableFile(createReadStream(place), { type });
  }

  async #create(): Promise<string> {
    const { createDocument } = await import('./document.js');
    return JSON.stringify(createDocument(this.modules, this.host));
  }
}
