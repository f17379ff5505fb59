/** The complete manager in the test's own process, on a clock that the test moves; its sockets are real. */
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { pino } from 'pino';
import { AppModule } from '../../src/app.module.js';
import { loadConfig } from '../../src/config/config.js';
import { Overload } from '../../src/dispatch/answer/overload.js';
import { refuseOverload } from '../../src/callback/overload-refusals.js';
import { createHttpAdapter } from '../../src/http/server.js';
import { Clock } from '../../src/kernel/clock.js';
import { KernelModule } from '../../src/kernel/kernel.module.js';
import { Lifecycle } from '../../src/kernel/lifecycle.js';
import { KeyOwners } from '../../src/registry/bots/key-owners.js';
import { RegistrySync } from '../../src/registry/image/registry-sync.js';
import { StreamLifecycle } from '../../src/stream/stream-lifecycle.js';
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
  const edge = createHttpAdapter(config, lifecycle, log, clock);
  const { adapter, errorFilter, counts, bots } = edge;
  const module = await AppModule.forRoot(config, log, lifecycle, counts);
  const kernel = KernelModule.forRoot(log, lifecycle);
  const providers = [...(kernel.providers ?? []), { provide: Clock, useValue: clock }];
  const others = module.imports?.filter((one) => !('module' in one && one.module === KernelModule)) ?? [];
  const app = await NestFactory.create<NestFastifyApplication>(
    { ...module, imports: [{ ...kernel, providers }, ...others] },
    adapter,
    { abortOnError: false, bodyParser: false, logger: false },
  );
  app.useGlobalFilters(errorFilter);
  bots.use(app.get(KeyOwners));
  const overload = app.get(Overload);
  refuseOverload(app.getHttpServer(), () => overload.refusesNext(), lifecycle, counts, log);
  app.get(StreamLifecycle).serve(app.getHttpServer(), edge);
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
