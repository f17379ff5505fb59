import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '../kernel/app-error.js';
import { withinDeadline } from '../kernel/deadline.js';
import { LOG, type Log } from '../kernel/log.js';
import type { Requester, OperatorRole } from '../kernel/role.js';
import type { Secret } from '../kernel/secret.js';
import { StoreClock } from '../kernel/store-clock.js';
import { KnownOperators } from './known-operators.js';
import { type Records, RecordStore } from '../storage/records/records.js';
import { hashOfToken, newToken, type Operator, OPERATORS, OPERATORS_MAX } from './operator.js';

/** How long a write may take. Nothing urgent waits for it. */
const WRITE_LIMIT_MS = 10_000;

/** An operator with its token, which is shown once. */
export interface OperatorWithToken {
  readonly operator: Operator;
  readonly token: Secret;
}

/** The operators that admins add and remove at run time. */
@Injectable()
export class OperatorsService {
  readonly #stored: Records<Operator>;

  constructor(
    private readonly known: KnownOperators,
    records: RecordStore,
    private readonly storeClock: StoreClock,
    @Inject(LOG) private readonly log: Log,
  ) {
    this.#stored = records.of(OPERATORS);
  }

  /** The first operators after `name`, sorted by name, as the store has them now. @throws AppError `STORE_UNAVAILABLE` */
  async after(name: string, limit: number): Promise<readonly Operator[]> {
    await this.known.read();
    const all = this.known.list().filter((operator) => operator.name > name);
    return all.sort((a, b) => (a.name < b.name ? -1 : 1)).slice(0, limit);
  }

  /** @throws AppError `OPERATOR_EXISTS`, `OPERATORS_FULL`; `STORE_UNAVAILABLE`, and it may then have been added or not. */
  async add(name: string, role: OperatorRole, asked: Requester): Promise<OperatorWithToken> {
    await this.known.read();
    if (this.known.find(name) !== null) throw new AppError('OPERATOR_EXISTS');
    if (this.known.list().length >= OPERATORS_MAX) throw new AppError('OPERATORS_FULL');
    const token = newToken();
    const createdAtMs = this.storeClock.nowMs();
    const operator = { name, role, createdAtMs, token: { hash: hashOfToken(token.reveal()), createdAtMs } };
    if ((await this.#write('add operator', this.#stored.add(operator))) === 'taken')
      throw new AppError('OPERATOR_EXISTS');
    this.log.info({ operator: name, role, ...asked }, 'operator.added');
    return { operator, token };
  }

  /**
   * Gives the operator another token. The one before ends with its sessions.
   * @throws AppError `OPERATOR_NOT_FOUND`; `STORE_UNAVAILABLE`, and it may then have been renewed or not.
   */
  async renew(name: string, asked: Requester): Promise<OperatorWithToken> {
    const secret = newToken();
    const token = { hash: hashOfToken(secret.reveal()), createdAtMs: this.storeClock.nowMs() };
    const change = this.#stored.change(name, (before) => before && { ...before, token });
    const { record: operator } = await this.#write('renew operator', change);
    if (operator === null) throw new AppError('OPERATOR_NOT_FOUND');
    this.log.info({ operator: name, ...asked }, 'operator.token_renewed');
    return { operator, token: secret };
  }

  /**
   * Its token and its sessions end.
   * @throws AppError `OPERATOR_NOT_FOUND`; `STORE_UNAVAILABLE`, and it may then take effect late.
   */
  async remove(name: string, asked: Requester): Promise<void> {
    const wasThere = await this.#write('remove operator', this.#stored.remove(name));
    if (!wasThere) throw new AppError('OPERATOR_NOT_FOUND');
    this.log.info({ operator: name, ...asked }, 'operator.removed');
  }

  /** Reads after the write, so that it counts here at once. If the read fails, it counts after the next round. */
  async #write<T>(what: string, work: Promise<T>): Promise<T> {
    const outcome = await withinDeadline(WRITE_LIMIT_MS, what, work);
    await this.known.read();
    return outcome;
  }
}
