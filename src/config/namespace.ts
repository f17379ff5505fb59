import { type ConfigFactory, getConfigToken, registerAs } from '@nestjs/config';
import type { Config } from './config.js';

/**
 * The settings of one feature. Called with the configuration it gives them, which is how a test makes them by hand;
 * Nest injects the same by `KEY`. `ConfigType` is their type.
 */
export interface Namespace<T extends object = object> {
  (config: Config): Readonly<T>;
  readonly KEY: string;
  /** For Nest's `ConfigModule`. */
  register(config: Config): ConfigFactory;
}

/**
 * `registerAs`, of a configuration that is loaded already: a factory of `registerAs` has no argument, so it would have
 * to read the environment again.
 * @param select only what the feature uses, a secret only where it cannot do without.
 */
export function defineNamespace<T extends object>(name: string, select: (config: Config) => T): Namespace<T> {
  const settingsOf = (config: Config): Readonly<T> => Object.freeze(select(config));
  return Object.assign(settingsOf, {
    KEY: getConfigToken(name),
    register: (config: Config) => registerAs(name, () => settingsOf(config)),
  });
}
