import type { BotAnswer } from '../../api/answers.gen.js';
import type { Tone } from '../../components/chip.js';

export type BotState = 'people' | 'faulty' | 'circuitOpen' | 'takes' | 'takesMessages' | 'unknown';

export const BOT_TONES: Readonly<Record<BotState, Tone>> = {
  people: 'quiet',
  faulty: 'bad',
  circuitOpen: 'wait',
  takes: 'good',
  takesMessages: 'good',
  unknown: 'quiet',
};

export function botState({ kind, takes, fault, circuit, lastTakenAt }: BotAnswer): BotState {
  if (kind === 'none') return 'people';
  if (fault !== null) return 'faulty';
  if (circuit === 'open') return 'circuitOpen';
  if (lastTakenAt === null) return 'unknown';
  return takes === 'message' ? 'takesMessages' : 'takes';
}
