import type { Identity, Sealer } from '../../crypto/sealer.js';
import { Secret } from '../../kernel/secret.js';

/**
 * What a record is, as the feature declares it that keeps it: plain data, and secrets where `sealed` says so. A store has the
 * same fields, with secrets as texts.
 */
export interface RecordKind<T extends object> {
  /** Names its table and its collection, so small letters alone. */
  readonly name: string;
  /** No two records have the same. */
  keyOf(record: T): string;
  /** More texts of which no two records may have the same. */
  uniqueKeysOf?(record: T): readonly string[];
  /** More texts by which it is found. */
  lookupKeysOf?(record: T): readonly string[];
  /** From when on a store removes it, sooner or later; store time. */
  expiresAtMsOf?(record: T): number;
  readonly sealed?: SealedSecrets;
  /** Whether replicas ask for its changes every few seconds, for which MongoDB writes once more with each change. */
  readonly isPolled?: true;
}

export interface SealedSecrets {
  /** Where they are, as `token.value`. */
  readonly at: readonly string[];
  /** Fields that a record keeps for good. In a record that was given another value its secrets do not open. */
  readonly boundTo: readonly string[];
  /** A record that does not open is made anew by itself. Without it, no manager starts on a store whose key it lacks. */
  readonly isReplaceable?: true;
}

/** A sealed text opens in its own record and field, while that is what it is bound to. */
export function identityOf<T extends object>(kind: RecordKind<T>, record: T, at: string): Identity {
  const bound = kind.sealed?.boundTo.map((name) => String(record[name as keyof T])) ?? [];
  return [kind.name, kind.keyOf(record), ...bound, at];
}

export function sealSecrets<T extends object>(kind: RecordKind<T>, record: T, sealer: Sealer): T {
  return mapSecrets(kind, record, (text, at) => sealer.seal(text, identityOf(kind, record, at)));
}

/** Plain secrets are taken as they are. @throws SealError */
export function openSecrets<T extends object>(kind: RecordKind<T>, record: T, sealer: Sealer): T {
  return mapSecrets(kind, record, (text, at) => sealer.open(text, identityOf(kind, record, at)));
}

/** @param change gives what takes the place of the secret at this place. */
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

/** As a store has it: JSON, with secrets as the texts that they are. */
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

/** `''` where there is none. */
export function textAt(fields: object, at: string): string {
  let text: unknown = fields;
  for (const name of at.split('.')) text = (text as Record<string, unknown> | null)?.[name];
  return typeof text === 'string' ? text : '';
}

/** A copy with another value at this place; the same where there is no such place. */
function mapAt(
  value: unknown,
  [name, ...rest]: readonly string[],
  change: (value: unknown) => unknown,
): unknown {
  if (name === undefined) return change(value);
  if (typeof value !== 'object' || value === null || !(name in value)) return value;
  return { ...value, [name]: mapAt((value as Record<string, unknown>)[name], rest, change) };
}
