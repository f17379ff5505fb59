import type { AppAnswer } from '../../api/answers.gen.js';
import type { Tone } from '../../components/state-tag.js';

export type AppState = 'troubled' | 'unverified' | 'untaken' | 'undelivered' | 'working';

const TONES: Readonly<Record<Exclude<AppState, 'troubled'>, Tone>> = {
  unverified: 'wait',
  untaken: 'wait',
  undelivered: 'quiet',
  working: 'good',
};

/** What the overview says of it, or the first step on the way to answered customers that it has not taken. */
export function stateOfApp({ causes, verifiedAt, accounts, bots, lastDeliveryAt }: AppAnswer): AppState {
  if (causes.length > 0) return 'troubled';
  if (lastDeliveryAt !== null) return 'working';
  if (verifiedAt === null) return 'unverified';
  return accounts + bots === 0 ? 'untaken' : 'undelivered';
}

export function toneOfApp(app: AppAnswer): Tone {
  const state = stateOfApp(app);
  return state === 'troubled' ? (app.causes[0]?.severity ?? 'wait') : TONES[state];
}
