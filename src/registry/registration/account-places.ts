import { Inject, Injectable } from '@nestjs/common';
import type { ConfigType } from '@nestjs/config';
import type { Log } from '../../kernel/log.js';
import type { Puppet, Registration } from '../../storage/puppets/puppet.js';
import { RegistryImage } from '../puppets/registry-image.js';
import { registrationConfig } from './registration.config.js';

const CORPS_TOLD_MAX = 20;

export type Full = 'REGISTRY_FULL' | 'REGISTRY_CORP_FULL';

/** The place that one registration may take. */
export interface AccountPlace {
  /** Why there is no place for it; `null` when there is one. @param stored the stored registration of its account. */
  refusalOf(stored: Puppet | null): Full | null;
  /** Gives the place back, once the image has the account, or will not have it. Harmless when called again. */
  leave(): void;
}

const KNOWN: AccountPlace = { refusalOf: () => null, leave: () => {} };

/**
 * Limits how many accounts are registered, of a corp and in all: each is kept in memory, and loaded at every start. Counts this
 * process's image and the registrations that it has under way. Replicas that share a store see each other's registrations up to
 * a refresh late, so together they may let in as many more as come within that time. A registered account is never refused.
 */
@Injectable()
export class AccountPlaces {
  /** Registrations of accounts that are not in the image yet, by corp. */
  readonly #underWay = new Map<string, number>();
  #underWayInAll = 0;

  constructor(
    private readonly image: RegistryImage,
    @Inject(registrationConfig.KEY) private readonly limits: ConfigType<typeof registrationConfig>,
  ) {}

  take({ openKfId, corpId }: Registration): AccountPlace {
    if (this.image.findPuppet(openKfId) !== null) return KNOWN;
    const refusal = this.#refusalOf(corpId);
    // Another replica may have registered it a moment ago.
    if (refusal !== null)
      return { refusalOf: (stored) => (stored === null ? refusal : null), leave: () => {} };
    this.#add(corpId, 1);
    let isLeft = false;
    const leave = (): void => {
      if (!isLeft) this.#add(corpId, -1);
      isLeft = true;
    };
    return { refusalOf: () => null, leave };
  }

  /** Logs one line if there are more accounts than allowed, by import or after a change of settings. All are served. */
  tellExcess(log: Log): void {
    const { accountsMax, accountsPerCorpMax } = this.limits;
    const corps = [...this.image.accountCounts()].filter(([, accounts]) => accounts > accountsPerCorpMax);
    if (this.image.size <= accountsMax && corps.length === 0) return;
    const told = corps.slice(0, CORPS_TOLD_MAX).map(([corpId, accounts]) => ({ corpId, accounts }));
    const reason =
      'all are served; new accounts are refused until some are forgotten, or ACCOUNTS_MAX or ACCOUNTS_PER_CORP_MAX is raised';
    const accounts = this.image.size;
    log.warn(
      { accounts, accountsMax, accountsPerCorpMax, corps: corps.length, told, reason },
      'registry.too_many',
    );
  }

  #refusalOf(corpId: string): Full | null {
    const { accountsMax, accountsPerCorpMax } = this.limits;
    if (this.image.size + this.#underWayInAll >= accountsMax) return 'REGISTRY_FULL';
    const ofCorp = this.image.accountCountOf(corpId) + (this.#underWay.get(corpId) ?? 0);
    return ofCorp >= accountsPerCorpMax ? 'REGISTRY_CORP_FULL' : null;
  }

  #add(corpId: string, count: 1 | -1): void {
    this.#underWayInAll += count;
    const ofCorp = (this.#underWay.get(corpId) ?? 0) + count;
    if (ofCorp > 0) this.#underWay.set(corpId, ofCorp);
    else this.#underWay.delete(corpId);
  }
}
