import type { Identity, Sealer } from '../../crypto/sealer.js';
import { Secret } from '../../kernel/secret.js';

/**
 * How a feature declares the records that it keeps: plain data, with secrets where `sealed` says so. A store has the same fields,
 * with secrets as texts.
 */
export interface RecordKind<T extends object> {
  /** Names its table and its collection: only small letters. */
  readonly name: string;
  /** No two records have the same key. */
  keyOf(record: T): string;
  /** More texts that no two records may share. */
  uniqueKeysOf?(record: T): readonly string[];
  /** More texts by which a record is found. */
  lookupKeysOf?(record: T): readonly string[];
  /** A store removes the record at this time or later; store time. */
  expiresAtMsOf?(record: T): number;
  readonly sealed?: SealedSecrets;
  /** Whether replicas ask for changes every few seconds. For them, MongoDB makes one more write with each change. */
  readonly isPolled?: true;
}

export interface SealedSecrets {
  /** The paths of the secrets, such as `token.value`. */
  readonly at: readonly string[];
  /** Fields that never change. If somebody changes one all the same, the secrets of the record do not open. */
  readonly boundTo: readonly string[];
  /** A record that does not open is made anew by itself. Without this, a manager that lacks its key does not start. */
  readonly isReplaceable?: true;
}

/** A sealed text opens only in its own record and field, while the fields of `boundTo` are unchanged. */
export function identityOf<T extends object>(kind: RecordKind<T>, record: T, at: string): Identity {
  const bound = kind.sealed?.boundTo.map((name) => String(record[name as keyof T])) ?? [];
  return [kind.name, kind.keyOf(record), ...bound, at];
}

export function sealSecrets<T extends object>(kind: RecordKind<T>, record: T, sealer: Sealer): T {
  return mapSecrets(kind, record, (text, at) => sealer.seal(text, identityOf(kind, record, at)));
}

/** Plain secrets stay as they are. @throws SealError */
export function openSecrets<T extends object>(kind: RecordKind<T>, record: T, sealer: Sealer): T {
  return mapSecrets(kind, record, (text, at) => sealer.open(text, identityOf(kind, record, at)));
}

/** @param change gets a secret and its path, and returns what replaces it. */
export function mapSecrets<T extends object>(
  { sealed }: RecordKind<T>,
  record: T,
  change: (text: string, at: string) => string,
): T {
  let mapped: unknown = record;
  for (const at of sealed?.at ?? []) {
    mapped = mapAt(mapped, at.split('.'), (value) =>
      value instanceof Secret ? new Secret(change(value.reveal(), at)) : value,
    );
  }
  return mapped as T;
}

/** The record as a store has it: JSON, with secrets as texts. */
export function toFields<T extends object>({ sealed }: RecordKind<T>, record: T): object {
  let fields: unknown = record;
  for (const at of sealed?.at ?? []) {
    fields = mapAt(fields, at.split('.'), (value) => (value instanceof Secret ? value.reveal() : value));
  }
  return JSON.parse(JSON.stringify(fields));
}

export function fromFields<T extends object>({ sealed }: RecordKind<T>, fields: object): T {
  let record: unknown = fields;
  for (const at of sealed?.at ?? []) {
    record = mapAt(record, at.split('.'), (value) => (typeof value === 'string' ? new Secret(value) : value));
  }
  return record as T;
}

/** `''` where there is no text. */
export function textAt(fields: object, at: string): string {
  let text: unknown = fields;
  for (const name of at.split('.')) text = (text as Record<string, unknown> | null)?.[name];
  return typeof text === 'string' ? text : '';
}

/** A copy with another value at this path; the same object where it has no such path. */
function mapAt(
  value: unknown,
  [name, ...rest]: readonly string[],
  change: (value: unknown) => unknown,
): unknown {
  if (name === undefined) return change(value);
  if (typeof value !== 'object' || value === null || !(name in value)) return value;
  return { ...value, [name]: mapAt((value as Record<string, unknown>)[name], rest, change) };
}
