import type { BotAnswer } from '../../api/answers.gen.js';

export type BotState = 'people' | 'faulty' | 'circuitOpen' | 'away' | 'takes' | 'takesMessages' | 'unknown';

export function botState({ kind, takes, fault, circuit, clients, lastTakenAt }: BotAnswer): BotState {
  if (kind === 'none') return 'people';
  if (fault !== null) return 'faulty';
  if (kind === 'stream' && clients === 0) return 'away';
  if (circuit === 'open') return 'circuitOpen';
  if (lastTakenAt === null) return 'unknown';
  return takes === 'message' ? 'takesMessages' : 'takes';
}
