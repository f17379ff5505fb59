import type { AccountState } from '../../api/kf-accounts.js';
import type { Tone } from '../../components/chip.js';

export const ACCOUNT_TONES: Readonly<Record<AccountState, Tone>> = {
  online: 'good',
  offline: 'quiet',
  waiting: 'wait',
  dead: 'bad',
};
