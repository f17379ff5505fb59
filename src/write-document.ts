/**
 * A step of `npm run build`: writes the OpenAPI document, and the files of its page, into `dist`. The document is made from the
 * application, which Nest scans and does not start, and from what `scripts/metadata.ts` has read in the source. So the running
 * manager needs neither @nestjs/swagger nor swagger-ui-dist.
 */
import 'reflect-metadata';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { NestFactory } from '@nestjs/core';
import { pino } from 'pino';
import * as swagger from '@nestjs/swagger';
import { loadConfig } from './config/config.js';
import { documentWith } from './http/answers/swagger.js';
import { createHttpServer } from './http/server.js';
import { Lifecycle } from './kernel/lifecycle.js';
import { inPackage } from './kernel/package-root.js';
import { SWAGGER_UI_FILES } from './openapi/docs-page.js';
import { createDocument, type PluginMetadata } from './openapi/document.js';

documentWith(swagger);
const { AppModule } = await import('./app.module.js');
const config = loadConfig({});
const [lifecycle, log] = [new Lifecycle(), pino({ level: 'silent' })];
const server = createHttpServer(config, log);
const module = await AppModule.forRoot(config, log, lifecycle, server);
const app = await NestFactory.create(module, server.adapter, {
  preview: true,
  abortOnError: false,
  logger: false,
});
const { default: metadata } = (await import(inPackage('dist/metadata.js'))) as {
  default: () => Promise<PluginMetadata>;
};
const json = JSON.stringify(await createDocument(app, await metadata()));
const folder = inPackage('dist/openapi');
mkdirSync(folder, { recursive: true });
const file = join(folder, 'openapi.json');
writeFileSync(file, json);
writeFileSync(`${file}.gz`, gzipSync(json, { level: 9 }));

const swaggerUi = dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')));
for (const name of [...SWAGGER_UI_FILES, 'LICENSE', 'NOTICE', 'swagger-ui-bundle.js.LICENSE.txt']) {
  cpSync(join(swaggerUi, name), join(folder, 'swagger-ui', name));
}
