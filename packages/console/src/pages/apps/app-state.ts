import type { AppAnswer } from '../../api/answers.gen.js';
import type { Tone } from '../../components/state-tag.js';

export type AppState = 'unverified' | 'untaken' | 'undelivered' | 'working';

export const APP_TONES: Readonly<Record<AppState, Tone>> = {
  unverified: 'wait',
  untaken: 'wait',
  undelivered: 'quiet',
  working: 'good',
};

/** The first step on the way to answered customers that an app has not taken. */
export function stateOfApp({ verifiedAt, accounts, bots, lastDeliveryAt }: AppAnswer): AppState {
  if (lastDeliveryAt !== null) return 'working';
  if (verifiedAt === null) return 'unverified';
  return accounts + bots === 0 ? 'untaken' : 'undelivered';
}
