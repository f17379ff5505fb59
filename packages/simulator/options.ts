/** The command line of the simulator. */
import { parseArgs } from 'node:util';
import { ACCESS_KINDS, type AccessKind, type AccessOptions, type AppOptions } from './corp/app.js';
import type { SimulatorOptions } from './simulator.js';

export interface CommandLine extends SimulatorOptions {
  /** Of each app in turn, the last one also of those that follow; saved at the start, as soon as it verifies. */
  readonly callbackUrls: readonly string[];
}

/** What was wrong with the command line, for a person. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const DEFAULT_PORT = 7780;

export const HELP = `usage: wxkf-manager simulator [options]

Plays WeCom (企业微信) customer service on this machine: its API, its callbacks, and a page on which you
write as a customer. What it does not say here, packages/simulator/README.md does.

  --port NUMBER          where it listens, on 127.0.0.1 (default ${DEFAULT_PORT}; 0 is any free port)
  --corp-id ID           the corp; the ids of accounts and customers follow from it (default: invented)
  --account NAME         a kf account; may be repeated (default: 客服一号, or those of the apps)
  --customer NAME        a customer; may be repeated (default: 张三 and 李四)
  --kind KIND            how programs may use its customer service (default: self-built):
                           self-built   apps of the corp, each with its own Secret, callback and accounts
                           built-in     the 微信客服 app: one Secret and one callback for all accounts
                           stand-alone  kf.weixin.qq.com: the same, and without trusted addresses
  --app NAME=ACCOUNT,…   a self-built app and the accounts that it may manage; may be repeated
                         (default: one app for all accounts)
  --secret TEXT          the app's corpSecret (default: invented)
  --token TEXT           Token of the callback, 3 to 32 letters and digits (default: invented)
  --aes-key TEXT         EncodingAESKey of the callback, 43 letters and digits (default: invented)
  --callback-url URL     saved at the start: tried every 2 s until it answers the verification
  --trusted-ip ADDRESS   may call the API, others are refused with 60020; may be repeated (default: all may).
                         With several apps, NAME=ADDRESS is for the app of that name alone
  --help                 this text

With several apps, --secret, --token, --aes-key and --callback-url are repeated in the order of --app; the
last callback URL is also that of the apps that follow.
It prints what it invented as the options that give the same again. Ctrl-C ends it.
Exit codes: 0 ended by Ctrl-C, 1 it could not start, 2 a mistake in the command line.
`;

const OPTIONS = {
  port: { type: 'string' },
  'callback-url': { type: 'string', multiple: true },
  'corp-id': { type: 'string' },
  kind: { type: 'string' },
  app: { type: 'string', multiple: true },
  secret: { type: 'string', multiple: true },
  token: { type: 'string', multiple: true },
  'aes-key': { type: 'string', multiple: true },
  account: { type: 'string', multiple: true },
  customer: { type: 'string', multiple: true },
  'trusted-ip': { type: 'string', multiple: true },
  help: { type: 'boolean' },
} as const;

type Values = ReturnType<typeof parsed>;

/** @returns `null` when help is asked for. @throws UsageError */
export function parseCommandLine(args: readonly string[]): CommandLine | null {
  const values = parsed(args);
  if (values.help) return null;
  check('--corp-id', [values['corp-id']], /^[\w-]{3,64}$/, '3 to 64 letters, digits, _ and -');
  check('--secret', values.secret, /^[\w-]{8,128}$/, '8 to 128 letters, digits, _ and -');
  check('--token', values.token, /^[A-Za-z0-9]{3,32}$/, '3 to 32 letters and digits');
  check('--aes-key', values['aes-key'], /^[A-Za-z0-9]{43}$/, '43 letters and digits');
  check('--callback-url', values['callback-url'], /^https?:\/\/./, 'an http or https URL');
  return {
    port: toPort(values.port),
    callbackUrls: values['callback-url'] ?? [],
    ...given('corpId', values['corp-id']),
    ...given('accounts', values.account),
    ...given('customers', values.customer),
    ...toAccess(values),
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/**
 * The same command line with what was invented, for a shell: every option that was given stays.
 * @param invented by option; replaces what was given, such as port 0.
 */
export function toSameAgain(
  args: readonly string[],
  invented: Readonly<Partial<Record<keyof typeof OPTIONS, string | readonly string[]>>>,
): string {
  return Object.entries({ ...parsed(args), ...invented })
    .flatMap(([name, values]) => [values].flat().map((value) => asOption(name, value)))
    .join(' ');
}

function asOption(name: string, value: string | boolean): string {
  if (typeof value === 'boolean') return `--${name}`;
  return `--${name}${value.startsWith('-') ? '=' : ' '}${quoted(value)}`;
}

/** For a shell, where it needs that. */
export function quoted(text: string): string {
  return /^[\p{L}\d_./:-]+$/u.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function check(
  option: string,
  values: readonly (string | undefined)[] | undefined,
  pattern: RegExp,
  form: string,
): void {
  for (const value of values ?? [])
    if (value !== undefined && !pattern.test(value))
      throw new UsageError(`${option} must be ${form}, not "${value}"`);
}

function toPort(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new UsageError(`--port must be a number from 0 to 65535, not "${text}"`);
  return port;
}

function toAccess(values: Values): AccessOptions {
  const kind = toKind(values.kind);
  const names = values.app ?? [];
  if (kind !== 'self-built' && names.length > 0) throw new UsageError('--app is for --kind self-built alone');
  if (kind === 'stand-alone' && values['trusted-ip'] !== undefined)
    throw new UsageError('--trusted-ip is not for --kind stand-alone, which lists no addresses');
  for (const option of ['secret', 'token', 'aes-key', 'callback-url'] as const)
    if ((values[option]?.length ?? 0) > Math.max(names.length, 1))
      throw new UsageError(`--${option} stands there more often than there are apps`);
  if (names.length === 0)
    return { kind, ...secretsOf(values, 0), ...given('trustedIps', values['trusted-ip']) };
  const apps = names.map((text, n) => ({ ...toApp(text), ...secretsOf(values, n) }));
  requireOnce(
    apps.map(({ name }) => name),
    (name) => `there are two apps ${name}`,
  );
  requireOnce(
    apps.flatMap(({ accounts }) => accounts),
    (name) => `${name} is an account of two apps`,
  );
  return { kind, apps: withTrusted(apps, values['trusted-ip'] ?? []) };
}

function toKind(text = 'self-built'): AccessKind {
  const kind = ACCESS_KINDS.find((one) => one === text);
  if (kind === undefined)
    throw new UsageError(`--kind must be one of ${ACCESS_KINDS.join(', ')}, not "${text}"`);
  return kind;
}

function toApp(text: string): AppOptions {
  const [name = '', accounts = ''] = text.split('=', 2);
  if (name === '') throw new UsageError(`--app must be NAME=ACCOUNT,…, not "${text}"`);
  return { name, accounts: accounts.split(',').filter((account) => account !== '') };
}

/** Of the app of that number. */
function secretsOf(values: Values, n: number): Partial<AppOptions> {
  return {
    ...given('corpSecret', values.secret?.[n]),
    ...given('token', values.token?.[n]),
    ...given('encodingAESKey', values['aes-key']?.[n]),
  };
}

/** An address is of all apps, or of the one whose name stands before it. */
function withTrusted(apps: readonly AppOptions[], texts: readonly string[]): readonly AppOptions[] {
  const all = texts.map((text) => text.split('=', 2));
  for (const [name, address] of all)
    if (address !== undefined && apps.every((app) => app.name !== name))
      throw new UsageError(`--trusted-ip names the app ${name}, which is not there`);
  return apps.map((app) => ({
    ...app,
    trustedIps: all.flatMap(([first = '', address]) => {
      if (address === undefined) return [first];
      return first === app.name ? [address] : [];
    }),
  }));
}

function requireOnce(names: readonly string[], toMessage: (name: string) => string): void {
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new UsageError(toMessage(twice));
}

function given<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}
