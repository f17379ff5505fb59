import { toVerificationQuery } from '../../crypto/verification-query.js';
import { UsageError } from '../terminal/command-error.js';
import { EXIT_CODE } from '../terminal/exit-code.js';
import { type CallbackTarget, checkCallback, noKeysOf, readCallbackUrl } from './check-callback.js';
import { checkConfiguration } from './check-configuration.js';
import { checkStore } from './check-store.js';
import { checkWecom } from './check-wecom.js';
import { type Finding, failed, skipped } from './finding.js';
import { KnownSecrets } from './known-secrets.js';

const STATUS_COLUMNS = 8;
const CHECK_COLUMNS = 13;

export interface CheckOptions {
  readonly callbackUrl?: string;
  readonly json?: boolean;
}

export async function check({ callbackUrl, json = false }: CheckOptions): Promise<number> {
  const target = callbackUrl === undefined ? null : readCallbackUrl(callbackUrl);
  if (target !== null && 'mistake' in target) throw new UsageError(`--callback-url ${target.mistake}`);
  const findings: Finding[] = [];
  for await (const finding of allFindings(target)) {
    findings.push(finding);
    if (!json) process.stdout.write(lineOf(finding));
  }
  const isOk = findings.every(({ status }) => status !== 'failed');
  if (json) process.stdout.write(`${JSON.stringify({ ok: isOk, checks: findings })}\n`);
  return isOk ? EXIT_CODE.ok : EXIT_CODE.failed;
}

/** Yields each finding as soon as it is known. Without valid settings nothing else is checked. */
async function* allFindings(target: CallbackTarget | null): AsyncGenerator<Finding> {
  const { config, finding } = checkConfiguration();
  yield finding;
  if (config === null) return;
  const known = new KnownSecrets(config, target?.corpId ?? null);
  yield* checkStore(config, known);
  yield* checkWecom(config, known);
  if (target === null) {
    yield skipped('callback', 'not looked at; give --callback-url https://<your host>');
    return;
  }
  const { callbackKeys: keys } = known;
  if (keys !== null) yield* checkCallback(target, { ...keys, ...toVerificationQuery(keys, Date.now()) });
  else yield failed('callback', noKeysOf(target));
}

function lineOf({ status, check, message }: Finding): string {
  return `${status.padEnd(STATUS_COLUMNS)} ${check.padEnd(CHECK_COLUMNS)} ${message}\n`;
}
