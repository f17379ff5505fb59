/**
 * `POST {url}/chat/completions` of FastGPT, with `chatId`: the last message is the question, and FastGPT keeps what was said before
 * (doc.fastgpt.io/docs/introduction/development/openapi/chat; errors as `packages/service/common/response` and
 * `packages/global/common/error` of labring/FastGPT write them: older versions say `unExist`, later ones `appUnExist`). The key is
 * one of the application. It names no tokens: what stands in `usage` is always 1.
 */
import {
  type Fields,
  fieldsAt,
  type Form,
  NOTHING_SAID,
  refusalOf,
  type AgentRefusal,
  refused,
  textAt,
} from './form.js';
import { afterChunk, OPENAI } from './openai.js';

export const FASTGPT: Form = {
  toRequest: (_settings, { text, user, conversationId, newConversationId }) => ({
    path: '/chat/completions',
    body: {
      chatId: conversationId ?? newConversationId,
      stream: true,
      detail: false,
      customUid: user,
      messages: [{ role: 'user', content: text }],
    },
  }),
  afterEvent: (said, event, fields, data) => {
    const error = errorIn(fields, 200);
    if (event === 'error') return { ...said, refused: error ?? refused('refused', null, 200) };
    return { ...afterChunk(said, event, fields, data), tokens: null };
  },
  ofJson: (fields) => {
    const error = errorIn(fields, 200);
    if (error !== null && fields.choices === undefined) return { ...NOTHING_SAID, refused: error };
    return { ...OPENAI.ofJson(fields), tokens: null };
  },
  refusedBy: (status, fields) => errorIn(fields, status) ?? refused(refusalOf(status), null, status),
};

/** FastGPT answers errors with status 500, whatever they are. */
function errorIn(fields: Fields | null, status: number): AgentRefusal | null {
  const word = textAt(fields ?? {}, 'statusText') || textAt(fieldsAt(fields, 'error'), 'statusText');
  if (word === '') return null;
  if (/^unAuth(orization|ApiKey|Team)$/.test(word)) return refused('key', word, status);
  if (/NotEnough$|^insufficientQuota$/.test(word)) return refused('quota', word, status);
  if (/^(app)?[uU]n(Exist|AuthApp)$|^invalidAppType$/.test(word)) return refused('unpublished', word, status);
  return refused(word === 'tooManyRequest' ? 'busy' : refusalOf(status), word, status);
}
