import { ATTEMPT_LIMIT_MS } from '../dispatch/line/attempt.js';
import type { KnownBot } from '../registry/bots/known-bots.js';

/** How long an acknowledgement may take; bots that pull before they answer may have asked for another time. */
export function ackLimitMs({ callback }: KnownBot): number {
  return callback?.timeoutMs ?? ATTEMPT_LIMIT_MS;
}
