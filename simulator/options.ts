/** The command line of the simulator. */
import { parseArgs } from 'node:util';
import type { SimulatorOptions } from './simulator.js';

export interface CommandLine extends SimulatorOptions {
  /** Saved at the start, as soon as it verifies. */
  readonly callbackUrl: string | null;
}

/** What was wrong with the command line, for a person. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const DEFAULT_PORT = 7780;

export const HELP = `usage: wxkf-manager simulator [options]

Plays WeCom (企业微信) customer service on this machine: its API, its callbacks, and a page on which you
write as a customer. What it does not say here, simulator/README.md does.

  --port NUMBER          where it listens, on 127.0.0.1 (default ${DEFAULT_PORT}; 0 is any free port)
  --callback-url URL     saved at the start: tried every 2 s until it answers the verification
  --corp-id ID           the corp; the ids of accounts and customers follow from it (default: invented)
  --secret TEXT          the app's corpSecret (default: invented)
  --token TEXT           Token of the callback, 3 to 32 letters and digits (default: invented)
  --aes-key TEXT         EncodingAESKey of the callback, 43 letters and digits (default: invented)
  --account NAME         a kf account; may be repeated (default: 客服一号)
  --customer NAME        a customer; may be repeated (default: 张三 and 李四)
  --trusted-ip ADDRESS   may call the API, others are refused with 60020; may be repeated (default: all may)
  --help                 this text

It prints what it invented as the options that give the same again. Ctrl-C ends it.
Exit codes: 0 ended by Ctrl-C, 1 it could not start, 2 a mistake in the command line.
`;

const OPTIONS = {
  port: { type: 'string' },
  'callback-url': { type: 'string' },
  'corp-id': { type: 'string' },
  secret: { type: 'string' },
  token: { type: 'string' },
  'aes-key': { type: 'string' },
  account: { type: 'string', multiple: true },
  customer: { type: 'string', multiple: true },
  'trusted-ip': { type: 'string', multiple: true },
  help: { type: 'boolean' },
} as const;

/** @returns `null` when help is asked for. @throws UsageError */
export function parseCommandLine(args: readonly string[]): CommandLine | null {
  const values = parsed(args);
  if (values.help) return null;
  check('--corp-id', values['corp-id'], /^[\w-]{3,64}$/, '3 to 64 letters, digits, _ and -');
  check('--secret', values.secret, /^[\w-]{8,128}$/, '8 to 128 letters, digits, _ and -');
  check('--token', values.token, /^[A-Za-z0-9]{3,32}$/, '3 to 32 letters and digits');
  check('--aes-key', values['aes-key'], /^[A-Za-z0-9]{43}$/, '43 letters and digits');
  check('--callback-url', values['callback-url'], /^https?:\/\/./, 'an http or https URL');
  return {
    port: toPort(values.port),
    callbackUrl: values['callback-url'] ?? null,
    ...given('corpId', values['corp-id']),
    ...given('corpSecret', values.secret),
    ...given('token', values.token),
    ...given('encodingAESKey', values['aes-key']),
    ...given('accounts', values.account),
    ...given('customers', values.customer),
    ...given('trustedIps', values['trusted-ip']),
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
  invented: Readonly<Partial<Record<keyof typeof OPTIONS, string>>>,
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

function check(option: string, value: string | undefined, pattern: RegExp, form: string): void {
  if (value !== undefined && !pattern.test(value))
    throw new UsageError(`${option} must be ${form}, not "${value}"`);
}

function toPort(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new UsageError(`--port must be a number from 0 to 65535, not "${text}"`);
  return port;
}

function given<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}
