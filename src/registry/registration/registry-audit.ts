import type { Log } from '../../kernel/log.js';
import type { Puppet } from '../puppet.js';

/** One line for a registration, and one more where it changed what decides who gets an account's events. */
export function logRegistration(
  log: Log,
  before: Puppet | null,
  after: Puppet,
  requestId: string | undefined,
): void {
  const { openKfId, corpId, endpoint, from } = after;
  const isNew = before === null;
  log.info({ openKfId, corpId, endpoint, isNew, from, requestId }, 'registry.registered');
  const changed = before === null ? [] : changesOf(before, after);
  if (before === null || changed.length === 0) return;
  const endpointBefore = before.endpoint;
  log.info({ openKfId, corpId, changed, endpoint, endpointBefore, from, requestId }, 'registry.changed');
}

/** Under the names that puppets send; of the keys nothing else is told. */
function changesOf(before: Puppet, after: Puppet): string[] {
  const isChanged = {
    endpoint: before.endpoint !== after.endpoint,
    corpSecret: !before.corpSecret.equals(after.corpSecret),
    token: !before.callbackToken.equals(after.callbackToken),
    encodingAESKey: !before.encodingAESKey.equals(after.encodingAESKey),
  };
  return Object.entries(isChanged).flatMap(([name, is]) => (is ? [name] : []));
}
