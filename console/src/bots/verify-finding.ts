import type { BotVerifiedAnswer } from '../api/answers.gen.js';

/** What a verification shows; the dictionaries have the remedy of each. */
export type VerifyFinding = 'verified' | 'address' | 'noAnswer' | 'path' | 'refused' | 'wrongAnswer';

export function verifyFinding({ verified, status, fault }: BotVerifiedAnswer): VerifyFinding {
  if (verified) return 'verified';
  // The manager did not ask: the URL itself may not be called.
  if (status === null) return fault?.startsWith('its url must') ? 'address' : 'noAnswer';
  if (status === 404 || status === 405) return 'path';
  return status >= 200 && status < 300 ? 'wrongAnswer' : 'refused';
}
