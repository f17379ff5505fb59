import type {
  AgentTestDto,
  AgentTestedAnswer,
  BotAnswer,
  BotChangeDto,
  BotChangedAnswer,
  BotCreatedAnswer,
  BotVerifiedAnswer,
  BotWithKeyAnswer,
  NewBotDto,
} from './answers.gen.js';
import { useAnswer, usePaged } from './answers.js';
import { request } from './request.js';

/** So many names are known to lists and filters. */
const NAMED_MAX = 200;
/** A slow store takes some seconds to keep it. */
const WRITE_DEADLINE_MS = 15_000;
/** The bot has 5 s. */
const VERIFY_DEADLINE_MS = 15_000;
/** Of an agent that says nothing of it. */
const AGENT_TIMEOUT_MS = 60_000;

export const useBots = () => usePaged<BotAnswer>('/api/v1/bots');

export const useBot = (id: string, everyMs?: number) =>
  useAnswer<BotAnswer>(pathOf(id), everyMs === undefined ? {} : { everyMs });

/** The first 200, for names and choices. */
export const useKnownBots = () =>
  useAnswer<{ readonly items: readonly BotAnswer[] }>('/api/v1/bots', {
    query: { limit: NAMED_MAX },
    everyMs: 30_000,
  });

export function createBot(body: NewBotDto): Promise<BotCreatedAnswer> {
  return request('/api/v1/bots', { method: 'POST', body, deadlineMs: WRITE_DEADLINE_MS });
}

export function changeBot(id: string, body: BotChangeDto): Promise<BotChangedAnswer> {
  return request(pathOf(id), { method: 'PATCH', body, deadlineMs: WRITE_DEADLINE_MS });
}

export function removeBot(id: string): Promise<unknown> {
  return request(pathOf(id), { method: 'DELETE', deadlineMs: WRITE_DEADLINE_MS });
}

export function renewBotKey(id: string, overlapS: number): Promise<BotWithKeyAnswer> {
  return request(`${pathOf(id)}/key`, { method: 'POST', body: { overlapS }, deadlineMs: WRITE_DEADLINE_MS });
}

export function verifyBot(id: string): Promise<BotVerifiedAnswer> {
  return request(`${pathOf(id)}/verify`, { method: 'POST', deadlineMs: VERIFY_DEADLINE_MS });
}

export function testAgent(body: AgentTestDto): Promise<AgentTestedAnswer> {
  const deadlineMs = WRITE_DEADLINE_MS + (body.agent?.timeoutMs ?? AGENT_TIMEOUT_MS);
  return request('/api/v1/agents/test', { method: 'POST', body, deadlineMs });
}

function pathOf(id: string): string {
  return `/api/v1/bots/${encodeURIComponent(id)}`;
}
