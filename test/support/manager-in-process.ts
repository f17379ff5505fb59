/** The complete manager in the test's own process, on a clock that the test moves; its sockets are real. */
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { pino } from 'pino';
import { AppModule } from '../../src/app.module.js';
import { loadConfig } from '../../src/config/config.js';
import { createHttpServer } from '../../src/http/server.js';
import { Clock } from '../../src/kernel/clock.js';
import { KernelModule } from '../../src/kernel/kernel.module.js';
import { Lifecycle } from '../../src/kernel/lifecycle.js';
import { RegistrySync } from '../../src/registry/sync/registry-sync.js';
import { TOKEN_URL } from './manager-process.js';

export interface ManagerInProcess {
  readonly url: string;
  close(): Promise<void>;
}

export async function startManagerInProcess(
  env: Readonly<Record<string, string>>,
  clock: Clock,
): Promise<ManagerInProcess> {
  const config = loadConfig({ HOST: '127.0.0.1', PORT: '0', ACCESS_TOKEN_URL: TOKEN_URL, ...env });
  const log = pino({ level: 'silent' });
  const lifecycle = new Lifecycle();
  const server = createHttpServer(config, log, clock);
  const module = await AppModule.forRoot(config, log, lifecycle, server);
  const kernel = KernelModule.forRoot(log, lifecycle);
  const providers = [...(kernel.providers ?? []), { provide: Clock, useValue: clock }];
  const others = module.imports?.filter((one) => !('module' in one && one.module === KernelModule)) ?? [];
  const app = await NestFactory.create<NestFastifyApplication>(
    { ...module, imports: [{ ...kernel, providers }, ...others] },
    server.adapter,
    { abortOnError: false, bodyParser: false, logger: false },
  );
  await app.listen(config.port, config.host);
  await app.get(RegistrySync).whenLoaded();
  return {
    url: await app.getUrl(),
    close: async () => {
      app.getHttpServer().closeAllConnections();
      await app.close();
    },
  };
}
