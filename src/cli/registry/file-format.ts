/**
 * A file of registrations, as JSON Lines: what it is, then a line for each registration, then how many there were, by
 * which a file that was cut off is told from a whole one.
 */
import { isUtf8 } from 'node:buffer';
import { isSealed, SealError, type Sealer } from '../../crypto/sealer.js';
import { AppError } from '../../kernel/app-error.js';
import { type ExportedPuppet, fromExported, toExported } from '../../registry/exported-puppet.js';
import type { Puppet } from '../../registry/puppet.js';
import { identityOf, type PuppetSecret, sealPuppet } from '../../storage/sealed/puppet-secrets.js';
import { CommandError } from '../command.js';

const FORMAT = 'wxkf-manager-registry';
const VERSION = 1;

/** By the names that they have in a line. */
const SECRETS = {
  corpSecret: 'corpSecret',
  token: 'callbackToken',
  encodingAESKey: 'encodingAESKey',
} as const satisfies Partial<Record<keyof ExportedPuppet, PuppetSecret>>;

export interface Header {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  readonly exportedAt: string;
  readonly secrets: 'sealed' | 'plain';
  /** Of the keys that sealed them. */
  readonly keyIds: readonly string[];
}

/** @param sealer `null` for a file in the clear. */
export function headerLine(sealer: Sealer | null): string {
  const header: Header = {
    format: FORMAT,
    version: VERSION,
    exportedAt: new Date().toISOString(),
    secrets: sealer === null ? 'plain' : 'sealed',
    keyIds: sealer?.keyIds.slice(0, 1) ?? [],
  };
  return `${JSON.stringify(header)}\n`;
}

export function registrationLine(puppet: Puppet, sealer: Sealer | null): string {
  return `${JSON.stringify(toExported(sealer === null ? puppet : sealPuppet(puppet, sealer)))}\n`;
}

export function endLine(registrations: number): string {
  return `${JSON.stringify({ end: true, registrations })}\n`;
}

/** @throws CommandError where this version cannot read what follows, or `sealer` cannot open it. */
export function readHeader(line: Buffer | null, sealer: Sealer): Header {
  const header = parseObject(line) as Partial<Header> | null;
  if (header?.format !== FORMAT) {
    throw new CommandError(
      'the first line is not that of an exported registry; give a file that export has made',
    );
  }
  if (header.version !== VERSION) {
    throw new CommandError(
      `the file has version ${JSON.stringify(header.version)}, and this program reads ${VERSION}; import it with the version that made it`,
    );
  }
  const { secrets, keyIds } = header;
  if (secrets !== 'plain' && (secrets !== 'sealed' || !Array.isArray(keyIds))) {
    throw new CommandError('the first line does not say whether the secrets are sealed');
  }
  if (secrets === 'sealed') requireKeys(keyIds ?? [], sealer);
  return header as Header;
}

function requireKeys(keyIds: readonly unknown[], { keyIds: known }: Sealer): void {
  const missing = keyIds.map(String).filter((id) => !known.includes(id));
  if (missing.length === 0) return;
  const reason = known.length === 0 ? 'and SECRETS_KEY is not set' : 'which SECRETS_KEY does not have';
  throw new CommandError(
    `the file is sealed with key ${missing.join(', ')}, ${reason}; put that key into SECRETS_KEY, behind the new one where there is one`,
  );
}

export type Line = { readonly puppet: Puppet } | { readonly end: number } | { readonly fault: string };

/** @param line `null` for one that is too long. */
export function readLine(line: Buffer | null, { secrets }: Header, sealer: Sealer): Line {
  if (line === null) return { fault: 'is too long for a registration' };
  const fields = parseObject(line);
  if (fields === null) return { fault: 'is not a JSON object' };
  if (fields.end === true) return { end: Number(fields.registrations) };
  try {
    return { puppet: fromExported(secrets === 'plain' ? fields : opened(fields, sealer)) };
  } catch (error) {
    if (error instanceof AppError && error.detail !== undefined) return { fault: error.detail };
    if (error instanceof CommandError) return { fault: error.message };
    throw error;
  }
}

/** A plain secret among sealed ones was put there by somebody else. @throws CommandError */
function opened(fields: Readonly<Record<string, unknown>>, sealer: Sealer): object {
  const owner = { openKfId: String(fields.kfId), corpId: String(fields.corpId) };
  const secrets: Record<string, string> = {};
  for (const [name, field] of Object.entries(SECRETS)) {
    const text = fields[name];
    if (typeof text !== 'string') continue;
    if (!isSealed(text)) throw new CommandError(`${name} is not sealed, although the first line says so`);
    try {
      secrets[name] = sealer.open(text, identityOf(owner, field));
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      throw new CommandError(`${name} cannot be opened: ${error.message}`);
    }
  }
  return { ...fields, ...secrets };
}

function parseObject(line: Buffer | null): Readonly<Record<string, unknown>> | null {
  if (line === null || !isUtf8(line)) return null;
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
