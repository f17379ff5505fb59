import type { Log } from '../../kernel/log.js';
import type { Puppet } from '../puppet.js';

/** Logs one line for each registration, and a second one if it changes who gets an account's events. */
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

/** Uses the names that puppets send. Says of keys only that they changed. */
function changesOf(before: Puppet, after: Puppet): string[] {
  const isChanged = {
    endpoint: before.endpoint !== after.endpoint,
    corpSecret: !before.corpSecret.equals(after.corpSecret),
    token: !before.callbackToken.equals(after.callbackToken),
    encodingAESKey: !before.encodingAESKey.equals(after.encodingAESKey),
  };
  return Object.entries(isChanged).flatMap(([name, is]) => (is ? [name] : []));
}
