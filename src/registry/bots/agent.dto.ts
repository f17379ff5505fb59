/**
 * The service that answers for a bot of kind agent: `agent` of a bot. Requests have its key besides; answers, exported files and the
 * store have these fields alone. An empty text means that there is none.
 */
import { applyDecorators } from '@nestjs/common';
import { ArrayMaxSize, IsArray, IsIn, IsInt, IsOptional, Matches, Max, Min } from 'class-validator';
import { rule } from '../../http/answers/field-rules.js';
import { PartialType } from '../../http/answers/swagger.js';
import { knownFieldsOf, Refuses } from '../../http/answers/validation.js';
import type { Secret } from '../../kernel/secret.js';
import { readEndpoint } from '../endpoint/endpoint.js';

/**
 * How a service is asked. `openai`: chat/completions, of any model with that form. `fastgpt`: the same, and the service keeps the
 * conversation. `dify`: a chat application of Dify. `coze`: a bot of Coze.
 */
export const AGENT_FORMS = ['openai', 'fastgpt', 'dify', 'coze'] as const;
export type AgentForm = (typeof AGENT_FORMS)[number];

const TEXT_BYTES_MAX = 2_048;
const WORD_BYTES_MAX = 128;
const WORDS_MAX = 20;
const NAME_LENGTH_MAX = 128;

function IsWholeNumber(min: number, max: number): PropertyDecorator {
  const message = ({ property }: { property: string }) =>
    `${property} must be a whole number from ${min} to ${max}`;
  return applyDecorators(IsInt({ message }), Min(min, { message }), Max(max, { message }));
}

/** A text of so many bytes, or an empty one. */
function IsTextOrNone(bytesMax: number): PropertyDecorator {
  return rule('isTextOrNone', (value) => {
    const isText = typeof value === 'string' && Buffer.byteLength(value) <= bytesMax;
    return isText ? null : `be a text of at most ${bytesMax} bytes in UTF-8; an empty one takes it away`;
  });
}

function IsWords(): PropertyDecorator {
  const message = ({ property }: { property: string }) =>
    `${property} must be a list of at most ${WORDS_MAX} texts of 1 to ${WORD_BYTES_MAX} bytes`;
  const isWord = (word: unknown): boolean =>
    typeof word === 'string' && word.trim() !== '' && Buffer.byteLength(word) <= WORD_BYTES_MAX;
  return applyDecorators(
    IsArray({ message }),
    ArrayMaxSize(WORDS_MAX, { message }),
    rule('isWords', (value) =>
      Array.isArray(value) && value.every(isWord)
        ? null
        : `be a list of at most ${WORDS_MAX} texts of 1 to ${WORD_BYTES_MAX} bytes`,
    ),
  );
}

function IsServiceUrl(): PropertyDecorator {
  return rule('isEndpoint', (value) => {
    if (typeof value !== 'string') return 'be a string';
    const url = readEndpoint(value);
    return 'must' in url ? url.must : null;
  });
}

/** The service that answers, without its key. */
export class AgentSettings {
  /**
   * How the service is asked. openai: chat/completions, of any model with that form. fastgpt: the same, where the service keeps the
   * conversation. dify: a chat application of Dify. coze: a bot of Coze.
   * @example dify
   */
  @IsIn(AGENT_FORMS, { message: `form must be one of ${AGENT_FORMS.join(', ')}` })
  readonly form!: AgentForm;

  /**
   * The base of the service's API. The path of the call follows it: /chat/completions, /chat-messages or /v3/chat. The rules for
   * the endpoint of a puppet hold for it.
   * @example https://api.dify.ai/v1
   */
  @IsServiceUrl()
  readonly url!: string;

  /**
   * For form openai: the model. Others decide by themselves.
   * @example deepseek-flash
   */
  @IsTextOrNone(NAME_LENGTH_MAX)
  readonly model!: string;

  /**
   * For form coze: the id of the bot there.
   * @example "7379462189365198898"
   */
  @IsTextOrNone(NAME_LENGTH_MAX)
  readonly botId!: string;

  /**
   * For form openai: how many of the customer's last questions, with their answers, go along with the next one. They are kept sealed,
   * for 48 h. 0 to 20; left out: 0, and nothing is kept.
   * @example 0
   */
  @IsWholeNumber(0, 20)
  readonly history!: number;

  /**
   * How long the service may take for an answer, in milliseconds. Left out: 60,000.
   * @example 60000
   */
  @IsWholeNumber(1_000, 300_000)
  readonly timeoutMs!: number;

  /**
   * How many calls may be under way at a time, over all accounts of the bot and by each manager process. Left out: 16.
   * @example 16
   */
  @IsWholeNumber(1, 100)
  readonly concurrency!: number;

  /**
   * A customer's text that is one of these begins a new conversation. Left out: 新对话. An empty list: none does.
   * @example ["新对话"]
   */
  @IsWords()
  readonly reset!: string[];

  /**
   * Answers what is no text, such as a picture: once a minute at most. Left out or empty: nothing does.
   * @example "I can only read text."
   */
  @IsTextOrNone(TEXT_BYTES_MAX)
  readonly unsupported!: string;

  /**
   * Is sent once to a customer who has waited `fallbackAfterS` for an answer; the answer follows all the same. Left out or empty:
   * nothing is.
   * @example "One moment, please."
   */
  @IsTextOrNone(TEXT_BYTES_MAX)
  readonly fallback!: string;

  /**
   * Seconds. Left out: 30.
   * @example 30
   */
  @IsWholeNumber(5, 600)
  readonly fallbackAfterS!: number;

  /**
   * An answer with this text hands the customer over to people; the text itself is not sent. It needs `session.people` with
   * `nobody`. Left out or empty: none does.
   * @example "[human]"
   */
  @IsTextOrNone(WORD_BYTES_MAX)
  readonly handOverMark!: string;
}

/** The service that answers, with its key. For a bot that exists, fields that are left out stay as they are. */
export class AgentDto extends PartialType(AgentSettings) {
  /** The key of its API, which no answer shows. */
  @IsOptional()
  @Matches(/^[\x21-\x7e]{1,512}$/, { message: 'key must be a key of 1 to 512 printable characters' })
  readonly key?: string;
}

/** An agent without a service. */
export const AGENT_DEFAULTS: AgentSettings = {
  form: 'openai',
  url: '',
  model: '',
  botId: '',
  history: 0,
  timeoutMs: 60_000,
  concurrency: 16,
  reset: ['新对话'],
  unsupported: '',
  fallback: '',
  fallbackAfterS: 30,
  handOverMark: '',
};

/** The known fields, in an order that is always the same. */
export function readAgent(given: AgentSettings): AgentSettings {
  return { ...knownFieldsOf(AgentSettings, given) };
}

/** The service as it is to be, whole: what was left out is as it was, or as `AGENT_DEFAULTS` has it. */
@Refuses<WholeAgentDto>({
  form: ({ form }) => (form === undefined ? 'form is missing' : null),
  url: ({ url }) => (url === undefined ? "url is missing: the base of the service's API" : null),
  key: ({ key }) =>
    key === undefined
      ? "key is missing: the key of the service's API. A stored key goes to no other host; send the key of the new one"
      : null,
  model: ({ form, model }) =>
    form === 'openai' && model === '' ? 'model is missing, which form openai needs' : null,
  botId: ({ form, botId }) =>
    form === 'coze' && botId === ''
      ? 'botId is missing: the id of the bot at Coze, from the address of its page'
      : null,
  history: ({ form, history }) =>
    form !== 'openai' && history > 0
      ? `history must be 0 for form ${form}: the service keeps the conversation itself`
      : null,
})
export class WholeAgentDto extends (AgentDto as new () => Required<AgentDto>) {}

/** A stored service as a request says it, with its key in the clear. */
export function toAgentBody(agent: AgentSettings, key: Secret | undefined): AgentDto {
  const text = key?.reveal() ?? '';
  return { ...readAgent(agent), ...(text !== '' && { key: text }) };
}

/** @param before the present service, with its key; `null` for a new one. The key goes along to no other host. */
export function toWholeAgent(given: AgentDto, before: AgentDto | null): AgentDto {
  const { form: _form, url: _url, ...defaults } = AGENT_DEFAULTS;
  const { key, ...same } = before ?? { ...defaults, key: undefined };
  const now = knownFieldsOf(AgentDto, given);
  const isSameHost = now.url === undefined || originOf(now.url) === originOf(before?.url ?? '');
  return { ...same, ...(isSameHost && key !== undefined && { key }), ...now };
}

function originOf(url: string): string {
  const endpoint = readEndpoint(url);
  return 'must' in endpoint ? '' : endpoint.origin;
}
