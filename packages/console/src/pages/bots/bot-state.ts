import type { BotAnswer } from '../../api/answers.gen.js';

export type BotState =
  | 'people'
  | 'faulty'
  | 'circuitOpen'
  | 'away'
  | 'unpulled'
  | 'takes'
  | 'takesMessages'
  | 'unknown';

export function botState(bot: BotAnswer): BotState {
  const { kind, takes, fault, circuit, clients, lastTakenAt, lastFailure } = bot;
  if (kind === 'none') return 'people';
  if (fault !== null) return 'faulty';
  if (kind === 'stream' && clients === 0) return 'away';
  if (circuit === 'open') return 'circuitOpen';
  // Nothing counts against a bot that answers and does not pull, so its circuit stays closed.
  if (lastFailure?.stage === 'unpulled' && lastFailure.at > (lastTakenAt ?? '')) return 'unpulled';
  if (lastTakenAt === null) return 'unknown';
  return takes === 'message' ? 'takesMessages' : 'takes';
}
