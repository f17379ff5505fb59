/**
 * `POST {url}/v3/chat` of Coze (www.coze.cn/docs/developer_guides/chat_v3; events as `@coze/api` 1.3.9 reads them). Codes of errors:
 * www.coze.cn/open/docs/developer_guides/coze_error_codes, 4027 and 4028 docs.coze.cn/developer_guides_realtime_error_codes. For
 * 4013 that page has a model that fails, and `@coze/chat-sdk` 0.1.11-beta.19 one that is asked too often: both mean to ask again.
 * It streams: without that, Coze answers before the bot does. The bot has to be published for the API.
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

const REFUSAL_OF: Readonly<Record<number, RefusalReason>> = {
  4002: 'conversation',
  4006: 'unpublished',
  4008: 'quota',
  4009: 'busy',
  4011: 'quota',
  4013: 'busy',
  4015: 'unpublished',
  4016: 'busy',
  4019: 'quota',
  4020: 'busy',
  4022: 'quota',
  4027: 'quota',
  4028: 'quota',
  4100: 'key',
  4101: 'key',
  4200: 'conversation',
};

export const COZE: Form = {
  toRequest: ({ botId }, { text, user, conversationId }) => ({
    path: `/v3/chat${conversationId === null ? '' : `?conversation_id=${encodeURIComponent(conversationId)}`}`,
    body: {
      bot_id: botId,
      user_id: user,
      stream: true,
      additional_messages: [{ role: 'user', type: 'question', content_type: 'text', content: text }],
    },
  }),
  afterEvent: (said, event, fields) => (fields === null ? said : afterEvent(said, event, fields)),
  // An answer that is no stream is an error, whatever its status.
  ofJson: (fields) => ({ ...NOTHING_SAID, refused: errorIn(fields, 200) }),
  refusedBy: (status, fields) => errorIn(fields ?? {}, status),
};

function afterEvent(said: PartialAnswer, event: string, fields: Fields): PartialAnswer {
  const now = { ...said, conversationId: conversationIn(fields) ?? said.conversationId };
  switch (event) {
    case 'conversation.message.completed': {
      const isAnswer = fields.type === 'answer' && fields.content_type === 'text';
      const text = isAnswer ? textAt(fields, 'content') : '';
      const gap = said.text === '' || text === '' ? '' : '\n\n';
      return { ...now, text: said.text + gap + text };
    }
    case 'conversation.chat.completed':
      return { ...now, isWhole: true, tokens: countAt(fieldsAt(fields, 'usage'), 'token_count') };
    case 'conversation.chat.failed':
      return { ...now, refused: errorIn(fieldsAt(fields, 'last_error'), 200) };
    case 'conversation.chat.requires_action':
      return { ...now, refused: refused('refused', 'requires_action', 200) };
    case 'error':
      return { ...now, refused: errorIn(fields, 200) };
    default:
      return now;
  }
}

function errorIn(fields: Fields, status: number): AgentRefusal {
  const code = Number(fields.code);
  return refused(REFUSAL_OF[code] ?? refusalOf(status), fields.code, status);
}
