import { Injectable } from '@nestjs/common';
import { SealError } from '../../crypto/sealer.js';
import { Secret } from '../../kernel/secret.js';
import { type Puppet, type Registration, toRegistered } from '../puppets/puppet.js';
import {
  type Changes,
  type Goodbye,
  isDoubted,
  isFromReplaced,
  type Judge,
  PuppetRepository,
} from '../puppets/puppet.repository.js';
import { PuppetSecrets } from '../puppets/puppet-secrets.js';
import type { ResealRules } from '../store/resealing.js';
import type { ResealReport } from '../records/records.js';
import type { Statement } from './database.js';
import { SqliteStore } from './sqlite-store.js';

/** A row of `puppets`. Its secrets are sealed, or plain where there is no key. */
type PuppetRow = {
  readonly open_kf_id: string;
  readonly corp_id: string;
  readonly name: string;
  readonly endpoint: string;
  readonly corp_secret: string;
  readonly callback_token: string;
  readonly encoding_aes_key: string;
  readonly accepted_secret_id: string | null;
  readonly bot_id: string;
  readonly registered_from: string;
  readonly online: number;
  readonly goodbye_doubted: number;
  readonly last_online_at_ms: number | null;
  /** JSON. */
  readonly replaced_from: string;
};

const COLUMNS: readonly (keyof PuppetRow)[] = [
  ...(['open_kf_id', 'corp_id', 'name', 'endpoint', 'corp_secret', 'callback_token'] as const),
  ...(['encoding_aes_key', 'accepted_secret_id', 'bot_id', 'registered_from', 'online'] as const),
  ...(['goodbye_doubted', 'last_online_at_ms', 'replaced_from'] as const),
];
const NAMES = COLUMNS.join(', ');
const PLACES = COLUMNS.map(() => '?').join(', ');

const PAGE = `SELECT ${NAMES} FROM puppets WHERE open_kf_id > ? ORDER BY open_kf_id LIMIT ?`;
const FIND = `SELECT ${NAMES} FROM puppets WHERE open_kf_id = ?`;
const LIST = `SELECT ${NAMES} FROM puppets WHERE corp_id = ? LIMIT ?`;
const INSERT = `INSERT INTO puppets (${NAMES}) VALUES (${PLACES}) ON CONFLICT DO NOTHING`;
/** Whether the row is as it was read. */
const IS_AS_READ = `(${NAMES}) IS (${PLACES})`;
const UPDATE = `UPDATE puppets SET (${NAMES}) = (${PLACES}) WHERE ${IS_AS_READ}`;
const FORGET = `DELETE FROM puppets WHERE open_kf_id = ? RETURNING ${NAMES}`;

const BATCH_SIZE = 1_000;

@Injectable()
export class SqlitePuppetRepository extends PuppetRepository {
  override readonly isShared = false;

  constructor(
    private readonly store: SqliteStore,
    private readonly secrets: PuppetSecrets,
  ) {
    super();
  }

  override load(): AsyncIterable<readonly Puppet[]> {
    return this.secrets.load(storedPuppets((...page) => this.store.rows(...page)));
  }

  override async find(openKfId: string): Promise<Puppet | null> {
    const row = await this.#find(openKfId);
    return row === null ? null : this.secrets.open(fromRow(row));
  }

  override async listByCorp(corpId: string, limit: number): Promise<readonly Puppet[]> {
    const rows = await this.store.rows<PuppetRow>(LIST, corpId, limit);
    return rows.map((row) => this.secrets.open(fromRow(row)));
  }

  override async save(registration: Registration, nowMs: number, mayReplace: Judge): Promise<Puppet | null> {
    const sealed = this.secrets.seal(registration);
    const may = this.secrets.judging(mayReplace);
    return this.#change(registration.openKfId, (before) =>
      may(before) ? { ...toRegistered(sealed, before, nowMs), answered: true } : null,
    );
  }

  override async restore(puppet: Puppet, mayReplace: Judge): Promise<boolean> {
    const sealed = this.secrets.seal(puppet);
    const may = this.secrets.judging(mayReplace);
    const restored = await this.#change(puppet.openKfId, (before) => (may(before) ? sealed : null));
    return restored !== null;
  }

  override async forget(openKfId: string): Promise<Puppet | null> {
    const [result] = (await this.store.step('forget puppet', { sql: FORGET, values: [openKfId] })) ?? [];
    const [row] = (result?.rows ?? []) as unknown as readonly PuppetRow[];
    return row === undefined ? null : this.secrets.open(fromRow(row));
  }

  override async markOffline(goodbye: Goodbye, nowMs: number): Promise<Puppet | null> {
    const { openKfId, corpId, endpoint } = goodbye;
    return this.#change(openKfId, (puppet) => {
      if (puppet?.corpId !== corpId || isFromReplaced(goodbye, puppet)) return null;
      if (endpoint !== undefined && puppet.endpoint !== endpoint) return null;
      const goodbyeDoubted = isDoubted(goodbye, puppet);
      return { ...puppet, online: false, goodbyeDoubted, lastOnlineAtMs: nowMs };
    });
  }

  override async markOnline(
    { openKfId, corpId, endpoint }: Pick<Puppet, 'openKfId' | 'corpId' | 'endpoint'>,
    nowMs: number,
  ): Promise<Puppet | null> {
    return this.#change(openKfId, (puppet) => {
      if (puppet?.corpId !== corpId || puppet.endpoint !== endpoint) return null;
      return { ...puppet, online: true, goodbyeDoubted: false, lastOnlineAtMs: nowMs };
    });
  }

  override async markAnswered(): Promise<void> {}

  override async markAccepted(openKfId: string, secretId: string, isOf: Judge): Promise<Puppet | null> {
    const is = this.secrets.judging(isOf);
    return this.#change(openKfId, (puppet) =>
      puppet !== null && is(puppet) ? { ...puppet, acceptedSecretId: secretId } : null,
    );
  }

  override async changes(): Promise<Changes> {
    return { puppets: [], forgotten: [], cursor: '', hasMore: false };
  }

  /**
   * Durable when it resolves.
   * @param change gets the stored puppet with its secrets sealed, and returns the new one; `null` to leave everything as it is.
   * @returns what was stored, opened.
   */
  async #change(openKfId: string, change: (before: Puppet | null) => Puppet | null): Promise<Puppet | null> {
    for (;;) {
      const row = await this.#find(openKfId);
      const after = change(row === null ? null : fromRow(row));
      if (after === null) return null;
      // If something else in this process wrote meanwhile, `change` is asked again.
      if ((await this.store.step('change puppet', toWrite(row, toRow(after)))) !== null)
        return this.secrets.open(after);
    }
  }

  async #find(openKfId: string): Promise<PuppetRow | null> {
    const [row] = await this.store.rows<PuppetRow>(FIND, openKfId);
    return row ?? null;
  }
}

/** All puppets as they are stored, in batches. @param rows reads the file. */
export async function* storedPuppets(rows: SqliteStore['rows']): AsyncGenerator<readonly Puppet[]> {
  for await (const batch of rowBatches(rows)) yield batch.map(fromRow);
}

async function* rowBatches(rows: SqliteStore['rows']): AsyncGenerator<readonly PuppetRow[]> {
  let after = '';
  for (;;) {
    const batch = await rows<PuppetRow>(PAGE, after, BATCH_SIZE);
    yield batch;
    const last = batch.at(-1);
    if (last === undefined || batch.length < BATCH_SIZE) return;
    after = last.open_kf_id;
  }
}

/** Writes the secrets of all puppets as `resealing` wants them; see `StoredSecrets`. Nobody else writes meanwhile. */
export async function resealPuppets(
  store: SqliteStore,
  resealing: ResealRules,
  report: ResealReport,
): Promise<void> {
  for await (const batch of rowBatches((...page) => store.rows(...page))) {
    const writes = batch.flatMap((row) => resealed(row, resealing, report) ?? []);
    if (writes.length > 0) await store.step('rewrite secrets', ...writes);
    report.add({ lookedAt: batch.length, changed: writes.length });
  }
}

function resealed(row: PuppetRow, resealing: ResealRules, report: ResealReport): Statement | null {
  try {
    const { corp_secret: corpSecret, callback_token: callbackToken, encoding_aes_key: encodingAESKey } = row;
    const changed = resealing.puppet(fromRow(row), { corpSecret, callbackToken, encodingAESKey });
    if (Object.keys(changed).length === 0) return null;
    return toWrite(row, {
      ...row,
      corp_secret: changed.corpSecret ?? corpSecret,
      callback_token: changed.callbackToken ?? callbackToken,
      encoding_aes_key: changed.encodingAESKey ?? encodingAESKey,
    });
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    report.cannotOpen(row.open_kf_id, error.keyId);
    return null;
  }
}

function toWrite(before: PuppetRow | null, after: PuppetRow): Statement {
  if (before === null) return { sql: INSERT, values: valuesOf(after), changes: 1 };
  return { sql: UPDATE, values: [...valuesOf(after), ...valuesOf(before)], changes: 1 };
}

function valuesOf(row: PuppetRow) {
  return COLUMNS.map((column) => row[column]);
}

function toRow(puppet: Puppet): PuppetRow {
  return {
    open_kf_id: puppet.openKfId,
    corp_id: puppet.corpId,
    name: puppet.name,
    endpoint: puppet.endpoint,
    corp_secret: puppet.corpSecret.reveal(),
    callback_token: puppet.callbackToken.reveal(),
    encoding_aes_key: puppet.encodingAESKey.reveal(),
    accepted_secret_id: puppet.acceptedSecretId,
    bot_id: puppet.botId,
    registered_from: puppet.from,
    online: Number(puppet.online),
    goodbye_doubted: Number(puppet.goodbyeDoubted),
    last_online_at_ms: puppet.lastOnlineAtMs,
    replaced_from: JSON.stringify(puppet.replacedFrom),
  };
}

function fromRow(row: PuppetRow): Puppet {
  return {
    openKfId: row.open_kf_id,
    corpId: row.corp_id,
    name: row.name,
    endpoint: row.endpoint,
    corpSecret: new Secret(row.corp_secret),
    callbackToken: new Secret(row.callback_token),
    encodingAESKey: new Secret(row.encoding_aes_key),
    acceptedSecretId: row.accepted_secret_id,
    botId: row.bot_id,
    from: row.registered_from,
    online: row.online === 1,
    goodbyeDoubted: row.goodbye_doubted === 1,
    lastOnlineAtMs: row.last_online_at_ms,
    replacedFrom: JSON.parse(row.replaced_from),
    answered: true,
  };
}
