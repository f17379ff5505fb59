import { existsSync } from 'node:fs';
import { type Config, ConfigError, type ConfigUse, loadConfig } from './config.js';

/** Reads `.env` and the environment. @throws ConfigError, Error when `.env` cannot be read */
export function readConfig(use?: ConfigUse): Config {
  if (existsSync('.env')) process.loadEnvFile('.env');
  return loadConfig(process.env, use);
}

/** Ends the process if there are mistakes, with a line for each. */
export function configOrExit(use?: ConfigUse): Config {
  try {
    return readConfig(use);
  } catch (error) {
    process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
