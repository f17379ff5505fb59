import type { ConnectionPageAnswer } from './answers.gen.js';
import { useAnswer } from './answers.js';

const SHOWN_MAX = 50;

/** The first streams of the bot. */
export const useConnections = (botId: string) =>
  useAnswer<ConnectionPageAnswer>('/api/v1/connections', { query: { botId, limit: SHOWN_MAX } });
