import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/app-error.js';
import { LOG, type Log } from '../../kernel/log.js';
import type { TraceContext } from '../../kernel/trace-context.js';
import type { Puppet, Registration } from '../../storage/puppets/puppet.js';
import { PuppetRepository } from '../../storage/puppets/puppet.repository.js';
import { SecretCheck } from '../puppets/secret-check.js';

/** The request that asks for a registration, for the log and for traces. */
export interface RegistrationSource {
  readonly requestId?: string;
  readonly trace?: TraceContext | null;
}

/** Limit of the whole check: the deployed puppet's register has no deadline of its own. */
const ASK_LIMIT_MS = 5_000;

/** For at most this long, a secret that WeCom refused is not checked again. */
const REFUSED_PAUSE_S = 600;

/**
 * Who may register what: an account belongs to the corp that registered it, and within the corp to whoever has its
 * secret. Anybody may register an unknown account.
 * @param isProven whether WeCom accepts the registration's corpSecret.
 */
export function mayRegister(stored: Puppet | null, registration: Registration, isProven: boolean): boolean {
  if (stored === null) return true;
  if (stored.corpId !== registration.corpId) return false;
  return isProven || stored.corpSecret.matches(registration.corpSecret);
}

/**
 * Decides about registrations that would replace a stored one. One of another corp is refused. One with another secret needs
 * WeCom's confirmation.
 */
@Injectable()
export class TakeoverGuard {
  constructor(
    private readonly repository: PuppetRepository,
    private readonly secrets: SecretCheck,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /**
   * Compares with what is stored, and asks WeCom if needed.
   * @returns whether WeCom accepts the secret; false when WeCom was not asked, since no proof is needed.
   * @throws AppError `REGISTRY_ACCOUNT_OF_OTHER_CORP`, `REGISTRY_SECRET_REFUSED`, `REGISTRY_SECRET_UNVERIFIED`,
   *   `STORE_UNAVAILABLE`; nothing was changed.
   */
  async prove(registration: Registration, { requestId, trace = null }: RegistrationSource): Promise<boolean> {
    const { openKfId, corpId, corpSecret, from } = registration;
    const stored = await this.repository.find(openKfId);
    if (stored === null || mayRegister(stored, registration, false)) return false;
    if (stored.corpId !== corpId) {
      throw this.#refuse('REGISTRY_ACCOUNT_OF_OTHER_CORP', registration, requestId);
    }
    const verdict = await this.secrets.check({ corpId, corpSecret, from, trace }, ASK_LIMIT_MS);
    if (verdict === 'accepted') return true;
    if (verdict === 'refused') throw this.#refuse('REGISTRY_SECRET_REFUSED', registration, requestId);
    const { unknown, retryAfterS } = verdict;
    throw new AppError('REGISTRY_SECRET_UNVERIFIED', { retryAfterS, internal: { unknown } });
  }

  /**
   * Asks WeCom about keys that exceed the limit of unproven ones.
   * @throws AppError `REGISTRY_TOO_MANY_UNPROVEN`; nothing was changed.
   */
  async requireAccepted(
    { corpId, corpSecret, from }: Registration,
    { trace = null }: RegistrationSource,
  ): Promise<void> {
    const verdict = await this.secrets.check({ corpId, corpSecret, from, trace }, ASK_LIMIT_MS);
    if (verdict === 'accepted') return;
    const { unknown, retryAfterS } =
      verdict === 'refused' ? { unknown: undefined, retryAfterS: REFUSED_PAUSE_S } : verdict;
    throw new AppError('REGISTRY_TOO_MANY_UNPROVEN', { retryAfterS, internal: { unknown } });
  }

  #refuse(
    error: 'REGISTRY_ACCOUNT_OF_OTHER_CORP' | 'REGISTRY_SECRET_REFUSED',
    { openKfId, corpId, endpoint, from }: Registration,
    requestId: string | undefined,
  ): AppError {
    this.log.warn({ openKfId, corpId, endpoint, from, error, requestId }, 'registry.takeover_refused');
    return new AppError(error, { detail: `DELETE /api/v1/accounts/${openKfId}` });
  }
}
