/**
 * Comparison (b): the service as a competent team would write it first, with the usual parts: Nest on
 * Express, class-validator, xml2js, axios, and MongoDB asked for each callback. Nothing in it is slow on
 * purpose: queries are lean and indexed, connections are kept, and no line is logged per callback.
 */
import 'reflect-metadata';
import { ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';

const app = await NestFactory.create<NestExpressApplication>(AppModule, { logger: ['log', 'warn', 'error'] });
app.useBodyParser('text', { type: ['text/xml', 'application/xml'], limit: '100kb' });
app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
app.enableShutdownHooks();
await app.listen(Number(process.env.PORT), '127.0.0.1');
