import type { DynamicModule } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import type { Config } from './config.js';
import type { Namespace } from './namespace.js';

/** Gives features their namespaces of the configuration that was loaded before Nest started; nothing is read again. */
export function configModule(config: Config, namespaces: readonly Namespace[]): Promise<DynamicModule> {
  return ConfigModule.forRoot({
    isGlobal: true,
    ignoreEnvFile: true,
    validatePredefined: false,
    skipProcessEnv: true,
    load: namespaces.map((namespace) => namespace.register(config)),
  });
}
