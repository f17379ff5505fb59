/**
 * A file of registrations, apps and bots, as JSON Lines: a header, a line for each of them, and their number at the end,
 * which shows whether the file is complete. An app is under the name `app`, a bot under `bot`. So a file without
 * them has the form that it had before apps and bots could be exported.
 */
import { isUtf8 } from 'node:buffer';
import { type Identity, isSealed, SealError, type Sealer } from '../../crypto/sealer.js';
import { AppError } from '../../kernel/app-error.js';
import { type App, APPS } from '../../registry/apps/app.js';
import { type AppEntryDto, fromAppEntry, toAppEntry } from '../../registry/apps/app.dto.js';
import { fromBotEntry, toBotEntry } from '../../registry/bots/bot-entry.js';
import { BOTS, type StoredBot } from '../../registry/bots/stored-bot.js';
import {
  fromPuppetEntry,
  type PuppetEntryDto,
  toPuppetEntry,
} from '../../registry/registration/puppet-entry.js';
import type { Puppet } from '../../storage/puppets/puppet.js';
import { identityOf as identityIn, type RecordKind, sealSecrets } from '../../storage/records/record-kind.js';
import { identityOf, type PuppetSecret, sealPuppet } from '../../storage/puppets/puppet-secrets.js';
import { CommandError } from '../terminal/command-error.js';

const FORMAT = 'wxkf-manager-registry';
const VERSION = 1;

/** The names of secrets in a line. */
const PUPPET_SECRETS = {
  corpSecret: 'corpSecret',
  token: 'callbackToken',
  encodingAESKey: 'encodingAESKey',
} as const satisfies Partial<Record<keyof PuppetEntryDto, PuppetSecret>>;
const APP_SECRETS = {
  token: 'callbackToken',
  encodingAESKey: 'encodingAESKey',
} as const satisfies Partial<Record<keyof AppEntryDto, string>>;

export interface Header {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  readonly exportedAt: string;
  readonly secrets: 'sealed' | 'plain';
  /** Ids of the keys that sealed them. */
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
  return `${JSON.stringify(toPuppetEntry(sealer === null ? puppet : sealPuppet(puppet, sealer)))}\n`;
}

export function appEntry(app: App, sealer: Sealer | null): string {
  return `${JSON.stringify({ app: toAppEntry(sealer === null ? app : sealSecrets(APPS, app, sealer)) })}\n`;
}

export function botEntry(bot: StoredBot, sealer: Sealer | null): string {
  return `${JSON.stringify({ bot: toBotEntry(sealer === null ? bot : sealSecrets(BOTS, bot, sealer)) })}\n`;
}

export function endLine({ registrations, apps, bots }: Counts): string {
  const others = { ...(apps > 0 && { apps }), ...(bots > 0 && { bots }) };
  return `${JSON.stringify({ end: true, registrations, ...others })}\n`;
}

/** How many lines there are of each kind. */
export interface Counts {
  readonly registrations: number;
  readonly apps: number;
  readonly bots: number;
}

/** @throws CommandError when this version cannot read the file, or `sealer` cannot open it. */
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

export type FileLine =
  | { readonly puppet: Puppet }
  | { readonly app: App }
  | { readonly bot: StoredBot }
  | { readonly end: Counts }
  | { readonly fault: string; readonly kind: keyof Counts };

/** @param line `null` for one that is too long. */
export function readLine(line: Buffer | null, { secrets }: Header, sealer: Sealer): FileLine {
  if (line === null)
    return { fault: 'is too long for a registration, an app or a bot', kind: 'registrations' };
  const fields = parseObject(line);
  if (fields === null) return { fault: 'is not a JSON object', kind: 'registrations' };
  if (fields.end === true) {
    const { registrations, apps = 0, bots = 0 } = fields;
    return { end: { registrations: Number(registrations), apps: Number(apps), bots: Number(bots) } };
  }
  const kind = 'app' in fields ? 'apps' : 'bot' in fields ? 'bots' : 'registrations';
  try {
    const opening = secrets === 'plain' ? null : sealer;
    if (kind === 'apps') return { app: readApp(fields.app, opening) };
    if (kind === 'bots') return { bot: readBot(fields.bot, opening) };
    return { puppet: readPuppet(fields, opening) };
  } catch (error) {
    if (error instanceof AppError && error.detail !== undefined) return { fault: error.detail, kind };
    if (error instanceof CommandError) return { fault: error.message, kind };
    throw error;
  }
}

type Fields = Readonly<Record<string, unknown>>;

/** @param sealer `null` when the secrets are in the clear. */
function readPuppet(fields: Fields, sealer: Sealer | null): Puppet {
  if (sealer === null) return fromPuppetEntry(fields);
  const owner = { openKfId: String(fields.kfId), corpId: String(fields.corpId) };
  return fromPuppetEntry(opened(fields, PUPPET_SECRETS, (field) => [identityOf(owner, field)], sealer));
}

function readApp(value: unknown, sealer: Sealer | null): App {
  const fields = toObject(value);
  if (fields === null) throw new CommandError('app must be an object');
  if (sealer === null) return fromAppEntry(fields);
  return fromAppEntry(opened(fields, APP_SECRETS, identitiesIn(APPS, fields, 'app'), sealer));
}

function readBot(value: unknown, sealer: Sealer | null): StoredBot {
  const fields = toObject(value);
  if (fields === null) throw new CommandError('bot must be an object');
  if (sealer === null) return fromBotEntry(fields);
  return fromBotEntry(opened(fields, { secrets: 'secrets' }, identitiesIn(BOTS, fields, 'bot'), sealer));
}

/** @param oldName what 2.0.0 called the kind when it sealed a secret. */
function identitiesIn<T extends object>(kind: RecordKind<T>, fields: Fields, oldName: string) {
  return (field: string): Identity[] => {
    const [, ...bound] = identityIn(kind, fields as unknown as T, field);
    return [
      [kind.name, ...bound],
      [oldName, ...bound],
    ];
  };
}

/**
 * Opens the secrets of a line. All have to be sealed: somebody else must have added a plain one.
 * @param identitiesOfField one of them opens the field. @throws CommandError
 */
function opened<Field extends string>(
  fields: Fields,
  secretFields: Readonly<Record<string, Field>>,
  identitiesOfField: (field: Field) => readonly Identity[],
  sealer: Sealer,
): object {
  const secrets: Record<string, string> = {};
  for (const [name, field] of Object.entries(secretFields)) {
    const text = fields[name];
    if (typeof text !== 'string') continue;
    if (!isSealed(text)) throw new CommandError(`${name} is not sealed, although the first line says so`);
    try {
      secrets[name] = openedAs(text, identitiesOfField(field), sealer);
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      throw new CommandError(`${name} cannot be opened: ${error.message}`);
    }
  }
  return { ...fields, ...secrets };
}

/** @throws SealError when none of the identities opens it */
function openedAs(text: string, [identity = [], ...others]: readonly Identity[], sealer: Sealer): string {
  try {
    return sealer.open(text, identity);
  } catch (error) {
    if (others.length === 0) throw error;
    return openedAs(text, others, sealer);
  }
}

function parseObject(line: Buffer | null): Fields | null {
  if (line === null || !isUtf8(line)) return null;
  try {
    return toObject(JSON.parse(line.toString('utf8')));
  } catch {
    return null;
  }
}

function toObject(value: unknown): Fields | null {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Fields) : null;
}
