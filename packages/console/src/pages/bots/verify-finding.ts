import type { BotVerifiedAnswer } from '../../api/answers.gen.js';

/** What a verification shows; the dictionaries have the remedy of each. */
export type VerifyFinding =
  | 'verified'
  | 'address'
  | 'noAnswer'
  | 'noName'
  | 'noTls'
  | 'broken'
  | 'late'
  | 'path'
  | 'header'
  | 'refused'
  | 'wrongAnswer';

export function verifyFinding({ verified, status, noAnswer, fault }: BotVerifiedAnswer): VerifyFinding {
  if (verified) return 'verified';
  // The manager did not ask: the URL itself may not be called.
  if (status === null)
    return fault?.startsWith('its url must') ? 'address' : OF_NO_ANSWER[noAnswer ?? 'refused'];
  if (fault?.includes('needs the header')) return 'header';
  if (status === 404 || status === 405) return 'path';
  return status >= 200 && status < 300 ? 'wrongAnswer' : 'refused';
}

const OF_NO_ANSWER = {
  refused: 'noAnswer',
  unreachable: 'noAnswer',
  name: 'noName',
  tls: 'noTls',
  reset: 'broken',
  timeout: 'late',
} as const satisfies Record<NonNullable<BotVerifiedAnswer['noAnswer']>, VerifyFinding>;
