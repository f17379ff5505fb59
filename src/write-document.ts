/**
 * The last step of `npm run build`: writes the OpenAPI document beside the code that serves it. It is made of the
 * application as Nest scans it, with nothing in it started, so that @nestjs/swagger is no part of what runs.
 */
import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { NestFactory } from '@nestjs/core';
import { pino } from 'pino';
import { AppModule } from './app.module.js';
import { loadConfig } from './config/config.js';
import { createHttpAdapter } from './http/server.js';
import { Lifecycle } from './kernel/lifecycle.js';
import { createDocument } from './openapi/document.js';

const config = loadConfig({});
const [lifecycle, log] = [new Lifecycle(), pino({ level: 'silent' })];
const { adapter, counts } = createHttpAdapter(config, lifecycle, log);
const module = await AppModule.forRoot(config, log, lifecycle, counts);
const app = await NestFactory.create(module, adapter, { preview: true, abortOnError: false, logger: false });
const json = JSON.stringify(createDocument(app));
const file = join(import.meta.dirname, 'openapi', 'openapi.json');
writeFileSync(file, json);
writeFileSync(`${file}.gz`, gzipSync(json, { level: 9 }));
