/** How the services of each form read a question and write an answer, as far as a bridge to them has to know. */

export const SERVICE_FORMS = ['openai', 'fastgpt', 'dify', 'coze'] as const;
export type ServiceForm = (typeof SERVICE_FORMS)[number];

type Body = Readonly<Record<string, unknown>>;

/** What a service was asked. */
export interface Asked {
  readonly form: ServiceForm;
  readonly text: string;
  /** `''` where none was named. */
  readonly user: string;
  /** The conversation that was named; `''` for a new one. */
  readonly conversationId: string;
  /** The messages before the question that came along. */
  readonly history: number;
}

/** What a service answers. */
export interface Reply {
  readonly text: string;
  readonly conversationId: string;
  readonly tokens: number;
}

/** Why a service gives no answer. */
export const SERVICE_REFUSALS = [
  'key',
  'quota',
  'busy',
  'unpublished',
  'conversation',
  'filtered',
  'error',
] as const;
export type ServiceRefusal = (typeof SERVICE_REFUSALS)[number];

/** A refusal as the service words it. An event of a stream comes with status 200. */
export interface Refusal {
  readonly status: number;
  readonly body: object;
}

export interface FormOfService {
  /** Below the base of its API. */
  readonly path: string;
  /** What follows the stand-in's address for its base. */
  readonly base: string;
  read(body: Body, query: URLSearchParams): Asked;
  /** The events of a stream, each as it is sent. */
  stream(reply: Reply): readonly string[];
  json(reply: Reply): object;
  readonly refusals: Readonly<Record<ServiceRefusal, Refusal>>;
}

const data = (value: unknown): string =>
  `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`;
const event = (name: string, value: unknown): string => `event:${name}\ndata:${JSON.stringify(value)}\n\n`;
const error = (status: number, code: string, type = code): Refusal => ({
  status,
  body: { error: { message: 'The stand-in refuses, as it was told.', type, code } },
});

const messagesIn = (body: Body): readonly { readonly content: string }[] =>
  Array.isArray(body.messages) ? body.messages : [];

const chunk = (delta: object, reason: string | null, more: object = {}): string =>
  data({ object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: reason }], ...more });

const completion = ({ text, tokens }: Reply): object => ({
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 1, completion_tokens: tokens - 1, total_tokens: tokens },
});

/** Some characters at a time, as models write. */
function piecesOf(text: string): readonly string[] {
  return text.match(/[\s\S]{1,7}/gu) ?? [];
}

const OPENAI: FormOfService = {
  base: '/openai/v1',
  path: '/chat/completions',
  read: (body) => {
    const messages = messagesIn(body);
    return {
      form: 'openai',
      text: messages.at(-1)?.content ?? '',
      user: String(body.user ?? ''),
      conversationId: '',
      history: messages.length - 1,
    };
  },
  stream: ({ text, tokens }) => [
    chunk({ role: 'assistant', content: '' }, null),
    ...piecesOf(text).map((content) => chunk({ content }, null)),
    chunk({}, 'stop', { usage: { total_tokens: tokens } }),
    data('[DONE]'),
  ],
  json: completion,
  refusals: {
    key: error(401, 'invalid_api_key', 'invalid_request_error'),
    quota: error(429, 'insufficient_quota'),
    busy: error(429, 'rate_limit_exceeded', 'requests'),
    unpublished: error(404, 'model_not_found', 'invalid_request_error'),
    conversation: error(400, 'invalid_request_error'),
    filtered: error(400, 'content_filter', 'invalid_request_error'),
    error: error(500, 'server_error'),
  },
};

const ofFastGpt = (code: number, statusText: string): Refusal => ({
  status: 500,
  body: { code, statusText, message: 'The stand-in refuses, as it was told.', data: null },
});

const FASTGPT: FormOfService = {
  ...OPENAI,
  base: '/fastgpt/api/v1',
  read: (body) => ({
    form: 'fastgpt',
    text: messagesIn(body).at(-1)?.content ?? '',
    user: String(body.customUid ?? ''),
    conversationId: String(body.chatId ?? ''),
    history: messagesIn(body).length - 1,
  }),
  stream: ({ text }) => [
    ...piecesOf(text).map((content) => chunk({ content }, null)),
    chunk({ content: null }, 'stop'),
    data('[DONE]'),
  ],
  refusals: {
    key: ofFastGpt(514, 'unAuthApiKey'),
    quota: ofFastGpt(500_002, 'aiPointsNotEnough'),
    busy: ofFastGpt(429, 'tooManyRequest'),
    unpublished: ofFastGpt(502_000, 'appUnExist'),
    conversation: ofFastGpt(504_000, 'unAuthChat'),
    filtered: ofFastGpt(500, 'error'),
    error: ofFastGpt(500, 'error'),
  },
};

const ofDify = (status: number, code: string): Refusal => ({
  status,
  body: { status, code, message: 'The stand-in refuses, as it was told.' },
});

const DIFY: FormOfService = {
  base: '/dify/v1',
  path: '/chat-messages',
  read: (body) => ({
    form: 'dify',
    text: String(body.query ?? ''),
    user: String(body.user ?? ''),
    conversationId: String(body.conversation_id ?? ''),
    history: 0,
  }),
  stream: ({ text, conversationId, tokens }) => [
    'event: ping\n\n',
    ...piecesOf(text).map((answer) =>
      data({ event: 'message', conversation_id: conversationId, message_id: 'm', answer }),
    ),
    data({
      event: 'message_end',
      conversation_id: conversationId,
      metadata: { usage: { total_tokens: tokens } },
    }),
  ],
  json: ({ text, conversationId, tokens }) => ({
    event: 'message',
    mode: 'chat',
    conversation_id: conversationId,
    answer: text,
    metadata: { usage: { total_tokens: tokens } },
  }),
  refusals: {
    key: ofDify(401, 'unauthorized'),
    quota: ofDify(400, 'provider_quota_exceeded'),
    busy: ofDify(429, 'too_many_requests'),
    unpublished: ofDify(400, 'app_unavailable'),
    conversation: ofDify(404, 'not_found'),
    filtered: ofDify(400, 'completion_request_error'),
    error: ofDify(500, 'internal_server_error'),
  },
};

const ofCoze = (code: number): Refusal => ({
  status: 200,
  body: { code, msg: 'The stand-in refuses, as it was told.', detail: { logid: 'l' } },
});

const COZE: FormOfService = {
  base: '/coze',
  path: '/v3/chat',
  read: (body, query) => {
    const messages = Array.isArray(body.additional_messages) ? body.additional_messages : [];
    return {
      form: 'coze',
      text: String((messages.at(-1) as Body | undefined)?.content ?? ''),
      user: String(body.user_id ?? ''),
      conversationId: query.get('conversation_id') ?? '',
      history: messages.length - 1,
    };
  },
  stream: ({ text, conversationId, tokens }) => {
    const chat = { id: 'c', conversation_id: conversationId, bot_id: 'b' };
    const answer = { ...chat, role: 'assistant', type: 'answer', content_type: 'text' };
    return [
      event('conversation.chat.created', { ...chat, status: 'created' }),
      ...piecesOf(text).map((content) => event('conversation.message.delta', { ...answer, content })),
      event('conversation.message.completed', { ...answer, content: text }),
      event('conversation.message.completed', { ...answer, type: 'follow_up', content: 'And then?' }),
      event('conversation.chat.completed', {
        ...chat,
        status: 'completed',
        usage: { token_count: tokens, input_count: 1, output_count: tokens - 1 },
      }),
      'event:done\ndata:"[DONE]"\n\n',
    ];
  },
  json: () => ofCoze(5000).body,
  refusals: {
    key: { ...ofCoze(4100), status: 401 },
    quota: ofCoze(4028),
    busy: ofCoze(4013),
    unpublished: ofCoze(4015),
    conversation: ofCoze(4200),
    filtered: ofCoze(5000),
    error: ofCoze(5000),
  },
};

export const SERVICES: Readonly<Record<ServiceForm, FormOfService>> = {
  openai: OPENAI,
  fastgpt: FASTGPT,
  dify: DIFY,
  coze: COZE,
};
