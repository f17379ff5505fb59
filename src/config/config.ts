import type { z } from 'zod';
import { SETTINGS, type Settings } from './settings.js';

/** Injection token of the one frozen `Config`. */
export const CONFIG = Symbol('config');

export type Config = { readonly [K in keyof Settings]: z.output<Settings[K]['schema']> };

export type Environment = Readonly<Record<string, string | undefined>>;

/** Every mistake in the environment at once, a line each, by name with what was expected. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly mistakes: readonly string[]) {
    super(
      `The configuration has ${mistakes.length} mistake(s):\n${mistakes.map((line) => `  ${line}`).join('\n')}`,
    );
  }
}

/**
 * Settings that protect something. One that this version does not know would leave open what its
 * operator believes closed, so it is a mistake and not ignored.
 */
const PROTECTING = /^(AUTH_(PUPPET|GATEWAY|OPERATOR)_TOKEN|SECRETS_KEY|PUPPET_ENDPOINT_ALLOW)(_FILE)?$/;

/** @throws ConfigError naming every mistake. An empty variable counts as unset. */
export function loadConfig(environment: Environment): Config {
  const mistakes: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(SETTINGS)) {
    const raw = environment[setting.name] || undefined;
    const parsed = setting.schema.safeParse(raw ?? setting.default ?? undefined);
    if (parsed.success) values[key] = parsed.data;
    else mistakes.push(...toMistakes(setting, raw, parsed.error));
  }
  const known = new Set<string>(Object.values(SETTINGS).map(({ name }) => name));
  for (const [name, value] of Object.entries(environment)) {
    if (value && PROTECTING.test(name) && !known.has(name)) {
      mistakes.push(`${name}: this version has no such setting; unset it, since it would protect nothing`);
    }
  }
  const config = Object.freeze(values) as Config;
  if (config.drainDelayMs >= config.drainTimeoutMs) {
    mistakes.push(
      `DRAIN_TIMEOUT_MS: expected more than DRAIN_DELAY_MS, ${config.drainDelayMs}, got ${config.drainTimeoutMs}`,
    );
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return config;
}

function toMistakes(
  { name, expected, secret }: { name: string; expected: string; secret: boolean },
  raw: string | undefined,
  error: z.ZodError,
): string[] {
  const own = error.issues
    .filter(({ code }) => code === 'custom')
    .map(({ message }) => `${name}: ${message}`);
  if (own.length > 0) return own;
  return [`${name}: expected ${expected}${secret ? '' : `, got ${JSON.stringify(raw)}`}`];
}

/** What is in force, by the name of its variable and without any secret, for one line of the log. */
export function toSummary(config: Config): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(SETTINGS).map(([key, { name }]) => [name, summaryOf(config[key as keyof Config])]),
  );
}

function summaryOf(value: unknown): unknown {
  if (value instanceof URL) return value.href;
  return Array.isArray(value) ? `${value.length} app(s)` : value;
}
