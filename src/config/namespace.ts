import { type ConfigFactory, getConfigToken, registerAs } from '@nestjs/config';
import type { Config } from './config.js';

/**
 * The settings of one feature. Nest injects them by `KEY`, and `ConfigType` is their type. A test calls the namespace with a
 * configuration and gets the same settings.
 */
export interface Namespace<T extends object = object> {
  (config: Config): Readonly<T>;
  readonly KEY: string;
  /** For Nest's `ConfigModule`. */
  register(config: Config): ConfigFactory;
}

/**
 * Makes a namespace from a configuration that is loaded already. `registerAs` alone would not do: its factory has no argument,
 * so it would have to read the environment again.
 * @param select gives only the settings that the feature uses, and a secret only where the feature needs it.
 */
export function defineNamespace<T extends object>(name: string, select: (config: Config) => T): Namespace<T> {
  const settingsOf = (config: Config): Readonly<T> => Object.freeze(select(config));
  return Object.assign(settingsOf, {
    KEY: getConfigToken(name),
    register: (config: Config) => registerAs(name, () => settingsOf(config)),
  });
}
