/**
 * `POST {url}/chat/completions`, as OpenAI's reference describes it (platform.openai.com/docs/api-reference/chat, version 2.3.0 of
 * its OpenAPI document) and DeepSeek, Qwen, Kimi, Ollama and vLLM follow it. Codes of errors: platform.openai.com/docs/guides/
 * error-codes, api-docs.deepseek.com/quick_start/error_codes (statuses alone), help.aliyun.com/zh/model-studio/developer-reference/
 * error-code. Kimi's are those that public clients of it know.
 */
import type { AgentSettings } from '../../registry/bots/agent.dto.js';
import {
  countAt,
  type Fields,
  fieldsAt,
  firstAt,
  type Form,
  NOTHING_SAID,
  type Question,
  refusalOf,
  type AgentRefusal,
  refused,
  type PartialAnswer,
  textAt,
  toFields,
} from './form.js';

const DONE = '[DONE]';
const PATH = '/chat/completions';

/** What says, in a status of 4xx, that the account has nothing left: of OpenAI, Kimi and Qwen. */
const NO_QUOTA = new Set(['insufficient_quota', 'exceeded_current_quota_error', 'Arrearage']);
const WRONG_KEY = new Set(['invalid_api_key', 'invalid_authentication_error', 'InvalidApiKey']);
/** What says that there is no such model. */
const NO_MODEL = new Set(['model_not_found', 'resource_not_found_error']);

export const OPENAI: Form = {
  toRequest: ({ model }: AgentSettings, { text, user, history }: Question) => ({
    path: PATH,
    body: {
      model,
      messages: [
        ...history.flatMap(({ question, answer }) => [
          { role: 'user', content: question },
          { role: 'assistant', content: answer },
        ]),
        { role: 'user', content: text },
      ],
      user,
      stream: true,
    },
  }),
  afterEvent: afterChunk,
  ofJson: (fields) => {
    const error = errorIn(fields, 200);
    if (error !== null) return { ...NOTHING_SAID, refused: error };
    const choice = firstAt(fields, 'choices');
    const message = fieldsAt(choice, 'message');
    return ended(
      { ...NOTHING_SAID, text: contentOf(message.content), tokens: tokensIn(fields, choice) },
      choice,
    );
  },
  refusedBy: (status, fields) => errorIn(fields, status) ?? refused(refusalOf(status), null, status),
};

/** The next chunk of a stream. FastGPT's has the same form. */
export function afterChunk(
  said: PartialAnswer,
  event: string,
  fields: Fields | null,
  data: string,
): PartialAnswer {
  if (data === DONE) return { ...said, isWhole: true };
  if (fields === null) return said;
  const error = errorIn(fields, 200);
  if (error !== null || event === 'error')
    return { ...said, refused: error ?? refused('refused', fields.code, 200) };
  const choice = firstAt(fields, 'choices');
  const text = said.text + contentOf(fieldsAt(choice, 'delta').content);
  return ended({ ...said, text, tokens: tokensIn(fields, choice) ?? said.tokens }, choice);
}

/** The reason for the end comes with the last chunk that has a choice. Servers may leave out `[DONE]`. */
function ended(said: PartialAnswer, choice: Fields): PartialAnswer {
  const reason = textAt(choice, 'finish_reason');
  if (reason === '') return said;
  if (reason === 'content_filter') return { ...said, refused: refused('filtered', reason, 200) };
  return { ...said, isWhole: true };
}

/** The parts of a content that are text. */
function contentOf(content: unknown): string {
  if (typeof content === 'string') return content;
  const parts: unknown[] = Array.isArray(content) ? content : [];
  return parts.map((part) => textAt(toFields(part), 'text')).join('');
}

/** Kimi puts it into the choice. */
function tokensIn(fields: Fields, choice: Fields): number | null {
  return (
    countAt(fieldsAt(fields, 'usage'), 'total_tokens') ?? countAt(fieldsAt(choice, 'usage'), 'total_tokens')
  );
}

function errorIn(fields: Fields | null, status: number): AgentRefusal | null {
  const error = fieldsAt(fields, 'error');
  const hasNoCode = typeof error.code !== 'string' && typeof error.type !== 'string';
  if (hasNoCode && error.message === undefined) return null;
  const codes = [error.code, error.type].filter((code) => typeof code === 'string');
  const code = codes[0] ?? null;
  const has = (known: ReadonlySet<string>) => codes.some((one) => known.has(one));
  if (has(NO_QUOTA)) return refused('quota', code, status);
  if (has(WRONG_KEY)) return refused('key', code, status);
  if (has(NO_MODEL)) return refused('unpublished', code, status);
  if (codes.includes('content_filter') || codes.includes('data_inspection_failed'))
    return refused('filtered', code, status);
  return refused(refusalOf(status), code, status);
}
