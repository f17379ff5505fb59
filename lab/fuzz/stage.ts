/**
 * Who is on the stage: corps, accounts and secrets, the same in every run. Only the healthy account is out of
 * reach of hostile registrations, since it shows that the others do no harm.
 */
import { SECRET_MARK } from './input.js';

export interface Corp {
  readonly corpId: string;
  readonly corpSecret: string;
  readonly token: string;
  readonly encodingAESKey: string;
}

export interface Account extends Corp {
  readonly openKfId: string;
  readonly endpoint: string;
}

export interface Stage {
  /** Where all puppets are: on loopback, and nothing else may ever be registered. */
  readonly puppetOrigin: string;
  readonly corps: readonly Corp[];
  /** Registered before it begins; hostile callbacks are for these too. */
  readonly known: readonly Account[];
  readonly healthy: Account;
}

/** Of what hostile registrations are about. Few, so that the store stays small whatever is accepted. */
export const HOSTILE_IDS = ids('wkhostile', 64);
/** Nobody ever registers for these. */
export const NOBODYS_IDS = ids('wknobody', 64);

export const CREDENTIALS = {
  AUTH_PUPPET_TOKEN: `${SECRET_MARK}-puppet-credential`,
  AUTH_GATEWAY_TOKEN: `${SECRET_MARK}-gateway-credential`,
  AUTH_OPERATOR_TOKEN: `${SECRET_MARK}-operator-credential`,
} as const;

const CORPS = 4;
const ACCOUNTS_PER_CORP = 4;

export function makeStage(puppetOrigin: string): Stage {
  const corps = Array.from({ length: CORPS }, (_, index) => makeCorp(index + 1));
  const accountOf = (corp: Corp, openKfId: string): Account => ({
    ...corp,
    openKfId,
    endpoint: `${puppetOrigin}/${openKfId}`,
  });
  const known = corps.flatMap((corp, index) =>
    ids(`wkknown${index}x`, ACCOUNTS_PER_CORP).map((openKfId) => accountOf(corp, openKfId)),
  );
  return { puppetOrigin, corps, known, healthy: accountOf(makeCorp(0), 'wkhealthy') };
}

export function makeCorp(number: number): Corp {
  return {
    corpId: `wwfuzz${number}`,
    corpSecret: `${SECRET_MARK}-of-corp-${number}`,
    token: `${SECRET_MARK}Token${number}`,
    encodingAESKey: `${SECRET_MARK}Key${number}`.padEnd(43, 'jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C'),
  };
}

function ids(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}
