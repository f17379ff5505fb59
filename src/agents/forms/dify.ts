/**
 * `POST {url}/chat-messages` of Dify (docs.dify.ai/api-reference, document `en/api-reference/openapi_chat.json` of
 * langgenius/dify-docs): chatbots, agents and chatflows. It streams, since agents have no other mode. Codes of errors:
 * docs.dify.ai/api-reference/guides/errors, and `api/controllers/service_api/app/error.py` of langgenius/dify.
 */
import {
  conversationIn,
  countAt,
  type Fields,
  fieldsAt,
  type Form,
  NOTHING_SAID,
  refusalOf,
  type AgentRefusal,
  refused,
  type RefusalReason,
  type PartialAnswer,
  textAt,
} from './form.js';

const REFUSAL_OF: Readonly<Record<string, RefusalReason>> = {
  unauthorized: 'key',
  provider_quota_exceeded: 'quota',
  // What a plan of Dify's cloud allows is used up.
  rate_limit_error: 'quota',
  too_many_requests: 'busy',
  app_unavailable: 'unpublished',
  not_chat_app: 'unpublished',
  provider_not_initialize: 'unpublished',
  model_currently_not_support: 'unpublished',
  conversation_completed: 'conversation',
};

export const DIFY: Form = {
  toRequest: (_settings, { text, user, conversationId }) => ({
    path: '/chat-messages',
    body: {
      inputs: {},
      query: text,
      user,
      response_mode: 'streaming',
      conversation_id: conversationId ?? '',
    },
  }),
  afterEvent: (said, _event, fields) => (fields === null ? said : afterEvent(said, fields)),
  ofJson: (fields) => {
    if (fields.answer === undefined) return { ...NOTHING_SAID, refused: errorIn(fields, 200) };
    return ended({ ...NOTHING_SAID, text: textAt(fields, 'answer') }, fields);
  },
  refusedBy: (status, fields) => errorIn(fields ?? {}, status),
};

function afterEvent(said: PartialAnswer, fields: Fields): PartialAnswer {
  const answer = textAt(fields, 'answer');
  const now = { ...said, conversationId: conversationIn(fields) ?? said.conversationId };
  switch (fields.event) {
    case 'message':
    case 'agent_message':
      return { ...now, text: said.text + answer };
    case 'message_replace':
      return { ...now, text: answer };
    case 'message_end':
      return ended(now, fields);
    case 'error':
      return { ...now, refused: errorIn(fields, countAt(fields, 'status') ?? 200) };
    default:
      return now;
  }
}

function ended(said: PartialAnswer, fields: Fields): PartialAnswer {
  const tokens = countAt(fieldsAt(fieldsAt(fields, 'metadata'), 'usage'), 'total_tokens');
  const conversationId = conversationIn(fields) ?? said.conversationId;
  return { ...said, tokens, conversationId, isWhole: true };
}

function errorIn(fields: Fields, status: number): AgentRefusal {
  const code = textAt(fields, 'code');
  const isGone = status === 404 && code === 'not_found';
  return refused(isGone ? 'conversation' : (REFUSAL_OF[code] ?? refusalOf(status)), code, status);
}
