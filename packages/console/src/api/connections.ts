import type { ConnectionAnswer } from './answers.gen.js';
import type { Page } from './page.js';
import { toQuery } from './query.js';
import { request } from './request.js';

const SHOWN_MAX = 50;

/** The first streams of the bot. */
export function listConnections(botId: string, signal: AbortSignal): Promise<Page<ConnectionAnswer>> {
  return request(`/api/v1/connections${toQuery({ botId, limit: SHOWN_MAX })}`, { signal });
}
