import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { type CanActivate, Controller, Module, Post } from '@nestjs/common';
import { APP_GUARD, HttpAdapterHost, NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { pino } from 'pino';
import { NobodyModule } from '../../../test/support/nobody.js';
import { loadConfig } from '../../config/config.js';
import { AppError } from '../../kernel/app-error.js';
import { KernelModule } from '../../kernel/kernel.module.js';
import { Lifecycle } from '../../kernel/lifecycle.js';
import { AllowAnyone } from '../access/allowed-callers.js';
import { callDirectly } from './direct-route.js';
import { HttpModule } from '../http.module.js';
import { createHttpServer } from '../server.js';

/** The layer of Nest that tells that it was passed. */
class RefusingGuard implements CanActivate {
  canActivate(): boolean {
    throw new AppError('OVERLOADED');
  }
}

@Controller()
class Routes {
  constructor(host: HttpAdapterHost) {
    callDirectly(host, 'POST', directUrl, async () => 'called');
    callDirectly(host, 'POST', '/failing', async () => {
      throw new AppError('OUTBOX_FULL');
    });
  }

  @Post('direct')
  @AllowAnyone()
  direct(): string {
    return 'called by Nest';
  }

  @Post('failing')
  @AllowAnyone()
  failing(): void {}

  @Post('usual')
  @AllowAnyone()
  usual(): void {}
}

@Module({ controllers: [Routes], providers: [{ provide: APP_GUARD, useClass: RefusingGuard }] })
class Manager {}

let application: NestFastifyApplication;
let directUrl: string;

beforeEach(() => {
  directUrl = '/direct';
});

afterEach(() => application.close());

async function start(): Promise<void> {
  const [config, log] = [loadConfig({}), pino({ level: 'silent' })];
  const server = createHttpServer(config, log);
  const imports = [
    KernelModule.forRoot(log, new Lifecycle()),
    HttpModule.forRoot(config, server, [NobodyModule]),
    Manager,
  ];
  const options = { logger: false, abortOnError: false, bodyParser: false } as const;
  const module = { module: class Application {}, imports };
  application = await NestFactory.create<NestFastifyApplication>(module, server.adapter, options);
  await application.listen(0, '127.0.0.1');
}

async function post(path: string): Promise<[status: number, text: string]> {
  const response = await fetch(`${await application.getUrl()}${path}`, { method: 'POST' });
  return [response.status, await response.text()];
}

it('calls the handler without the layers of Nest, and any other route with them', async () => {
  await start();
  expect(await post('/direct')).toEqual([200, 'called']);
  expect(await post('/usual')).toEqual([503, expect.stringContaining('"error":"OVERLOADED"')]);
});

it('answers what the handler throws as every other error', async () => {
  await start();
  expect(await post('/failing')).toEqual([503, expect.stringContaining('"error":"OUTBOX_FULL"')]);
});

it('does not start where no controller has the route', async () => {
  directUrl = '/elsewhere';
  await expect(start()).rejects.toThrow('no controller has added the route POST /elsewhere');
});
