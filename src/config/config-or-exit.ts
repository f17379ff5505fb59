import { existsSync } from 'node:fs';
import { type Config, ConfigError, type ConfigUse, loadConfig } from './config.js';
import { readEnvFile } from './env-file.js';

const ENV_FILE = '.env';

/** Reads `.env` and the environment. @throws ConfigError, Error when `.env` cannot be read */
export function readConfig(use?: ConfigUse): Config {
  if (existsSync(ENV_FILE)) addEnvFile();
  return loadConfig(process.env, use);
}

/** A variable of the environment wins, unless it is empty: `docker compose` passes unset variables as empty ones. */
function addEnvFile(): void {
  const settings = readEnvFile(ENV_FILE);
  if (settings === null) throw new ConfigError([`${ENV_FILE}: is no text in UTF-8; save it as UTF-8`]);
  for (const [name, value = ''] of Object.entries(settings)) process.env[name] ||= value;
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
