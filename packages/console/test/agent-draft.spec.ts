/** What somebody types of an agent's service is what the manager is sent. */
import { expect, it } from '@jest/globals';
import type { AgentSettingsAnswer } from '../src/api/answers.gen.js';
import { agentChange, NEW_AGENT, toAgentDraft, toService } from '../src/pages/bots/agents/agent-draft.js';

const AGENT = {
  ...{ form: 'openai', url: 'http://127.0.0.1:11434/v1', model: 'qwen3', botId: '', history: 2 },
  ...{ timeoutMs: 60_000, concurrency: 16, reset: ['新对话'], unsupported: '' },
  ...{ fallback: 'One moment.', fallbackAfterS: 30, handOverMark: '' },
} as AgentSettingsAnswer;

it('has what its form needs, and the key only where one is typed', () => {
  const typed = { ...NEW_AGENT, url: ' https://api.coze.cn ', model: 'left over', botId: '73' };
  expect(toService({ ...typed, form: 'coze' })).toEqual({
    ...{ form: 'coze', url: 'https://api.coze.cn', model: '', botId: '73' },
  });
  expect(toService({ ...typed, form: 'dify', key: ' app-1 ' })).toMatchObject({ key: 'app-1', botId: '' });
});

it('sends what is other than it was, and nothing else', () => {
  const draft = toAgentDraft(AGENT);
  expect(agentChange(AGENT, draft)).toEqual({});
  const padded = { ...AGENT, fallback: 'One moment.\n' };
  expect(agentChange(padded, toAgentDraft(padded))).toEqual({});
  expect(agentChange(AGENT, { ...draft, key: 'another', fallback: '', reset: [] })).toEqual({
    ...{ key: 'another', fallback: '', reset: [] },
  });
  expect(agentChange(AGENT, { ...draft, form: 'dify' })).toEqual({ form: 'dify', model: '', history: 0 });
});
