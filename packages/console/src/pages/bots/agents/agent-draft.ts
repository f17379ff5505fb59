/** `agent` of a bot as somebody has typed it: the service that answers, and how. */
import type { AgentDto, AgentSettingsAnswer } from '../../../api/answers.gen.js';

export type AgentForm = AgentSettingsAnswer['form'];
export const AGENT_FORMS = ['dify', 'fastgpt', 'coze', 'openai'] as const satisfies readonly AgentForm[];

export interface AgentDraft {
  readonly form: AgentForm;
  readonly url: string;
  /** Empty: the one that the bot has. */
  readonly key: string;
  readonly model: string;
  readonly botId: string;
  readonly history: string;
  readonly timeoutMs: string;
  readonly concurrency: string;
  readonly reset: readonly string[];
  readonly unsupported: string;
  readonly fallback: string;
  readonly fallbackAfterS: string;
  readonly handOverMark: string;
}

export const NEW_AGENT: AgentDraft = {
  ...{ form: 'dify', url: '', key: '', model: '', botId: '' },
  ...{ history: '', timeoutMs: '', concurrency: '', reset: [] },
  ...{ unsupported: '', fallback: '', fallbackAfterS: '', handOverMark: '' },
};

export function toAgentDraft(agent: AgentSettingsAnswer): AgentDraft {
  const { history, timeoutMs, concurrency, fallbackAfterS, ...same } = agent;
  return {
    ...same,
    key: '',
    history: String(history),
    timeoutMs: String(timeoutMs),
    concurrency: String(concurrency),
    fallbackAfterS: String(fallbackAfterS),
  };
}

/** What every agent needs. An empty text takes away what another form has needed. */
export function toService({ form, url, key, model, botId }: AgentDraft): AgentDto {
  return {
    form,
    url: url.trim(),
    ...(key.trim() !== '' && { key: key.trim() }),
    model: form === 'openai' ? model.trim() : '',
    botId: form === 'coze' ? botId.trim() : '',
  };
}

export function toAgent(draft: AgentDraft): AgentDto {
  const { form, history, timeoutMs, concurrency, reset, fallbackAfterS } = draft;
  return {
    ...toService(draft),
    history: form === 'openai' ? Number(history) : 0,
    timeoutMs: Number(timeoutMs),
    concurrency: Number(concurrency),
    reset: [...reset],
    unsupported: textOrNone(draft.unsupported),
    fallback: textOrNone(draft.fallback),
    fallbackAfterS: Number(fallbackAfterS),
    handOverMark: draft.handOverMark.trim(),
  };
}

/** Blanks alone are no text. */
const textOrNone = (text: string): string => (text.trim() === '' ? '' : text);

/** What is other than it was: somebody else may have changed the rest meanwhile. */
export function agentChange(before: AgentSettingsAnswer, draft: AgentDraft): AgentDto {
  const known: Readonly<Record<string, unknown>> = { ...before };
  const changed = Object.entries(toAgent(draft)).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(known[name]),
  );
  return Object.fromEntries(changed);
}
