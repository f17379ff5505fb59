import { Inject, Injectable } from '@nestjs/common';
import { AppError } from '../../kernel/app-error.js';
import { LOG, type Log } from '../../kernel/log.js';
import type { TraceContext } from '../../kernel/trace-context.js';
import type { Puppet, Registration } from '../puppet.js';
import { PuppetRepository } from '../puppet.repository.js';
import { SecretCheck } from './secret-check.js';

/** By which request a registration is asked for, for the log and for what it causes. */
export interface Asked {
  readonly requestId?: string;
  readonly trace?: TraceContext | null;
}

/** For all of the question: the deployed puppet's register waits for ever. */
const ASK_LIMIT_MS = 5_000;

/** For so long at the most a wrong secret is not asked about again. */
const REFUSED_PAUSE_S = 600;

/**
 * Who may register what: an account belongs to the corp that registered it, and there to who has its secret. An
 * unknown account is anybody's.
 * @param isProven whether WeCom accepts the registration's corpSecret.
 */
export function mayRegister(stored: Puppet | null, registration: Registration, isProven: boolean): boolean {
  if (stored === null) return true;
  if (stored.corpId !== registration.corpId) return false;
  return isProven || stored.corpSecret.matches(registration.corpSecret);
}

/** Decides about registrations that need WeCom's word: such as would replace one with another secret or of another corp. */
@Injectable()
export class TakeoverGuard {
  constructor(
    private readonly repository: PuppetRepository,
    private readonly secrets: SecretCheck,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /**
   * Looks at what is stored, and asks WeCom where that is needed.
   * @returns whether WeCom accepts the secret; false where nobody asked, since all is as it was.
   * @throws AppError `REGISTRY_ACCOUNT_OF_OTHER_CORP`, `REGISTRY_SECRET_REFUSED`, `REGISTRY_SECRET_UNVERIFIED`,
   *   `STORE_UNAVAILABLE`; nothing was changed.
   */
  async prove(registration: Registration, { requestId, trace = null }: Asked): Promise<boolean> {
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
   * For keys that are one pair too many unless WeCom vouches for them.
   * @throws AppError `REGISTRY_TOO_MANY_UNPROVEN`; nothing was changed.
   */
  async requireAccepted({ corpId, corpSecret, from }: Registration, { trace = null }: Asked): Promise<void> {
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
    return new AppError(error, { detail: `DELETE /api/v1/kf-accounts/${openKfId}` });
  }
}
