import type { Tone } from '../../components/chip.js';
import type { BotState } from './bot-state.js';

export const BOT_TONES: Readonly<Record<BotState, Tone>> = {
  people: 'quiet',
  faulty: 'bad',
  circuitOpen: 'wait',
  away: 'wait',
  unpulled: 'wait',
  takes: 'good',
  takesMessages: 'good',
  unknown: 'quiet',
};
