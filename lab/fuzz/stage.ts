/** Who is on the stage: corps, accounts and secrets, the same in every run. No input is about the healthy account. */
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
  readonly corps: readonly Corp[];
  /** Registered before it begins. */
  readonly known: readonly Account[];
  readonly healthy: Account;
}

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
  return { corps, known, healthy: accountOf(makeCorp(0), 'wkhealthy') };
}

function makeCorp(number: number): Corp {
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
