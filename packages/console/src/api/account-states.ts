import type { AccountAnswer } from './answers.gen.js';

export type AccountState = AccountAnswer['state'];

/** The worst first. */
export const ACCOUNT_STATES = [
  'failing',
  'silent',
  'waiting',
  'unserved',
  'paused',
  'offline',
  'unseen',
  'working',
  'quiet',
] as const satisfies readonly AccountState[];
