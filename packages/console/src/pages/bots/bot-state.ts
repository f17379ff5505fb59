import { CAUSE_TABLE } from '../../../../../src/insight/accounts/cause-table.js';
import type { BotAnswer } from '../../api/answers.gen.js';
import type { Tone } from '../../components/state-tag.js';
import type { Words } from '../../i18n/words.js';

export type BotState =
  | 'people'
  | 'paused'
  | 'faulty'
  | 'failing'
  | 'circuitOpen'
  | 'away'
  | 'unpulled'
  | 'failed'
  | 'takes'
  | 'takesMessages'
  | 'unknown';

export const BOT_TONES: Readonly<Record<BotState, Tone>> = {
  people: 'quiet',
  paused: 'wait',
  faulty: 'bad',
  failing: 'bad',
  circuitOpen: 'bad',
  away: 'wait',
  unpulled: 'wait',
  failed: 'wait',
  takes: 'good',
  takesMessages: 'good',
  unknown: 'quiet',
};

export function botState(bot: BotAnswer): BotState {
  const { kind, takes, fault, circuit, clients, lastTakenAt, lastFailure, paused = false, causes = [] } = bot;
  if (kind === 'none') return 'people';
  if (paused) return 'paused';
  if (fault !== null) return 'faulty';
  if (kind === 'stream' && clients === 0) return 'away';
  if (circuit === 'open') return 'circuitOpen';
  // It may take its events all the while: a refused Secret, replies that do not go out.
  if (causes.some(({ severity }) => severity === 'bad')) return 'failing';
  if (lastFailure !== null && lastFailure !== undefined && lastFailure.at > (lastTakenAt ?? ''))
    // Nothing counts against a bot that answers and does not pull, so its circuit stays closed.
    return lastFailure.stage === 'unpulled' ? 'unpulled' : 'failed';
  if (lastTakenAt === null) return 'unknown';
  return takes === 'message' ? 'takesMessages' : 'takes';
}

/** The state in a sentence; of a failing bot by the worst cause. */
export function botStateText(bot: BotAnswer, { stateText, failingText }: Words['bots']): string {
  const state = botState(bot);
  if (state !== 'failing') return stateText[state];
  const worst = bot.causes?.find(({ severity }) => severity === 'bad');
  return failingText[(worst && CAUSE_TABLE[worst.code].bot) ?? 'silent'];
}
