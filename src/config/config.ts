import type { z } from 'zod';
import { CALLERS, type Caller, ROLES } from '../kernel/role.js';
import type { Secret } from '../kernel/secret.js';
import { isLoopbackHost } from './host-name.js';
import { missingOfOidc } from './oidc.js';
import { readSecretFiles, secretFileOf } from './secret-files.js';
import { SETTINGS, type Settings } from './settings.js';
import { unknownSettings } from './unknown-settings.js';

export type Config = { readonly [K in keyof Settings]: z.output<Settings[K]['schema']> };

export type Environment = Readonly<Record<string, string | undefined>>;

/** All mistakes in the environment, one per line: the name, and what was expected. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly mistakes: readonly string[]) {
    super(
      `The configuration has ${mistakes.length} mistake(s):\n${mistakes.map((line) => `  ${line}`).join('\n')}`,
    );
  }
}

/** All names that are read. */
const KNOWN = new Set(
  Object.values(SETTINGS).flatMap(({ name, secret, isLowerCaseToo = false }) => [
    name,
    ...(secret ? [secretFileOf(name)] : []),
    ...(isLowerCaseToo ? [name.toLowerCase()] : []),
  ]),
);

const SECRETS_KEYS = {
  puppet: 'authPuppetTokens',
  gateway: 'authGatewayTokens',
  operator: 'authOperatorTokens',
  metrics: 'metricsTokens',
} as const satisfies Record<Caller, keyof Settings>;

/** The name of the variable with a caller's secrets. */
export function secretsSettingOf(caller: Caller): string {
  return SETTINGS[SECRETS_KEYS[caller]].name;
}

/** @returns `[]` when the caller has none. Then its routes are closed, unless no role has a secret. */
export function secretsOf(config: Config, caller: Caller): readonly Secret[] {
  return config[SECRETS_KEYS[caller]];
}

/** Whether no role has a secret. Then at most the metrics ask for credentials. */
export function isOpen(config: Config): boolean {
  return ROLES.every((role) => secretsOf(config, role).length === 0);
}

/** Whether other hosts can reach the manager, and no credentials are asked for. */
export function isOpenToOthers(config: Config): boolean {
  return isOpen(config) && !isLoopbackHost(config.host);
}

/** What the configuration is loaded for. A command does not listen, so it needs no `ALLOW_OPEN`. */
export type ConfigUse = 'manager' | 'command';

/** @throws ConfigError naming every mistake. An empty variable counts as unset. */
export function loadConfig(environment: Environment, use: ConfigUse = 'manager'): Config {
  const mistakes: string[] = [];
  const values: Record<string, unknown> = {};
  const secrets = Object.values(SETTINGS).filter(({ secret }) => secret);
  const files = readSecretFiles(secrets, environment);
  const isSet = (name: string): boolean => Boolean(environment[name]) || files.has(name);
  const willBeOpen = !ROLES.some((role) => isSet(secretsSettingOf(role)));
  for (const [key, setting] of Object.entries(SETTINGS)) {
    const file = files.get(setting.name);
    if (file !== undefined && 'mistake' in file) {
      mistakes.push(`${file.variable}: ${file.mistake}`);
      continue;
    }
    const raw = file?.text ?? valueOf(setting, environment);
    const parsed = setting.schema.safeParse(raw ?? defaultOf(setting, willBeOpen));
    if (parsed.success) values[key] = parsed.data;
    else
      mistakes.push(...toMistakes({ ...setting, name: file?.variable ?? setting.name }, raw, parsed.error));
  }
  mistakes.push(...unknownSettings(environment, KNOWN));
  const config = Object.freeze(values) as Config;
  if (config.drainDelayMs >= config.drainTimeoutMs) {
    mistakes.push(
      `DRAIN_TIMEOUT_MS: expected more than DRAIN_DELAY_MS, ${config.drainDelayMs}, got ${config.drainTimeoutMs}`,
    );
  }
  mistakes.push(...sharedSecrets(config), ...missingOfOidc(isSet));
  if (use === 'manager' && willBeOpen) mistakes.push(...openOffLoopback(config));
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return config;
}

/** The value in the environment; an empty variable counts as unset. */
function valueOf(
  { name, isLowerCaseToo }: { readonly name: string; readonly isLowerCaseToo?: boolean },
  environment: Environment,
): string | undefined {
  return (isLowerCaseToo && environment[name.toLowerCase()]) || environment[name] || undefined;
}

function defaultOf(
  setting: { default: string | null; defaultWhileOpen?: string },
  willBeOpen: boolean,
): string | undefined {
  return (willBeOpen ? setting.defaultWhileOpen : undefined) ?? setting.default ?? undefined;
}

/**
 * No two roles may have the same secret, since a caller's role would be ambiguous. A list that is itself invalid is
 * absent here.
 */
function sharedSecrets(config: Partial<Config>): string[] {
  const owners = new Map<string, string>();
  return CALLERS.flatMap((caller) => {
    const name = secretsSettingOf(caller);
    return (config[SECRETS_KEYS[caller]] ?? []).flatMap((secret, index) => {
      const owner = owners.get(secret.reveal()) ?? name;
      owners.set(secret.reveal(), owner);
      return owner === name
        ? []
        : [`${name}: secret ${index + 1} is also in ${owner}; give each caller its own`];
    });
  });
}

/** An invalid `HOST` or `ALLOW_OPEN` is absent here. */
function openOffLoopback({ host, allowOpen }: Partial<Config>): string[] {
  if (host === undefined || isLoopbackHost(host) || allowOpen !== false) return [];
  const secrets = ROLES.map(secretsSettingOf).join(', ');
  return [
    `HOST: ${host} lets other hosts reach it, and no role has a secret; set ${secrets} (wxkf-manager keys generate makes them), or ALLOW_OPEN=true to let everybody who reaches it do everything`,
  ];
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

/** The settings that are set, by variable name and without secrets, for one log line. */
export function toSummary(config: Config, environment: Environment): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(SETTINGS)
      .filter(([, setting]) => isSetIn(environment, setting))
      .map(([key, { name, secret, unit }]) => [
        name,
        summaryOf(config[key as keyof Config], secret ? 'secret(s)' : unit === 'groups' ? null : 'app(s)'),
      ]),
  );
}

function isSetIn(
  environment: Environment,
  setting: { readonly name: string; readonly secret: boolean },
): boolean {
  const isInFile = setting.secret && Boolean(environment[secretFileOf(setting.name)]);
  return isInFile || valueOf(setting, environment) !== undefined;
}

/** @param things the word for the entries of a list that is only counted; `null` for a list that is shown. */
function summaryOf(value: unknown, things: string | null): unknown {
  if (value instanceof URL) return value.href;
  return Array.isArray(value) && things !== null ? `${value.length} ${things}` : value;
}
