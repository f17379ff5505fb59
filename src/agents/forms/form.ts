/** How a form of service is asked, and how its answers are read. One file for each form. */
import type { AgentSettings } from '../../registry/bots/agent.dto.js';

export type Fields = Readonly<Record<string, unknown>>;

/** One turn of a conversation. */
export interface ConversationTurn {
  readonly question: string;
  readonly answer: string;
}

/** A question of a customer. */
export interface Question {
  readonly text: string;
  /** Stands for the customer: always the same one, and nobody can tell from it who that is. */
  readonly user: string;
  /** The conversation that goes on; `null` begins one. */
  readonly conversationId: string | null;
  /** The id of a new conversation, where the service takes ours. */
  readonly newConversationId: string;
  /** What was said before, the oldest first; `[]` where the service keeps it. */
  readonly history: readonly ConversationTurn[];
}

/** A call, below the URL of the service. */
export interface ServiceRequest {
  readonly path: string;
  readonly body: object;
}

/**
 * Why there is no answer.
 * `key`: the service refuses the key. `quota`: the account there has nothing left. `busy`: too many questions at a time.
 * `absent`: nothing is at the URL. `unpublished`: the application is not there, or not open to the API. `conversation`: the service
 * does not know the conversation any more. `filtered`: the service withheld the answer. `empty`: it has no text. `refused`: anything
 * else that the service says.
 */
export const REFUSALS = [
  'key',
  'quota',
  'busy',
  'absent',
  'unpublished',
  'conversation',
  'filtered',
  'empty',
  'refused',
] as const;
export type RefusalReason = (typeof REFUSALS)[number];

export interface AgentRefusal {
  readonly refusal: RefusalReason;
  /** The service's own code, if it has the form of one. */
  readonly code: string | null;
  /** The HTTP status that the refusal came with, or stands for. */
  readonly status: number;
}

/** What an answer has said so far. */
export interface PartialAnswer {
  readonly text: string;
  /** `null` where the service names none. */
  readonly conversationId: string | null;
  /** `null` where the service names none. */
  readonly tokens: number | null;
  /** Whether the service said that this is all. */
  readonly isWhole: boolean;
  readonly refused: AgentRefusal | null;
}

export const NOTHING_SAID: PartialAnswer = {
  text: '',
  conversationId: null,
  tokens: null,
  isWhole: false,
  refused: null,
};

export interface Form {
  toRequest(settings: AgentSettings, question: Question): ServiceRequest;
  /**
   * The next event of a stream.
   * @param event `''` where the stream names none.
   * @param fields of its data; `null` for data that is no JSON object, such as `[DONE]`.
   */
  afterEvent(said: PartialAnswer, event: string, fields: Fields | null, data: string): PartialAnswer;
  /** An answer that came as one JSON object, with a status of 2xx. */
  ofJson(fields: Fields): PartialAnswer;
  /** What another status means. @param fields `null` where the answer is no JSON object. */
  refusedBy(status: number, fields: Fields | null): AgentRefusal;
}

/** Ids and codes of services. Anything else that is said might be the customer's words, or the key. */
const CODE = /^[\w.:-]{1,64}$/;

export function refused(refusal: RefusalReason, code: unknown, status: number): AgentRefusal {
  const text = typeof code === 'number' ? String(code) : code;
  return { refusal, code: typeof text === 'string' && CODE.test(text) ? text : null, status };
}

/** What the status alone says. */
export function refusalOf(status: number): RefusalReason {
  if (status === 401 || status === 403) return 'key';
  if (status === 402) return 'quota';
  if (status === 404) return 'absent';
  if (status === 429) return 'busy';
  return 'refused';
}

/** The same one each time, since streams bring thousands of events a second. */
const NO_FIELDS: Fields = {};

export function toFields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : NO_FIELDS;
}

export function fieldsAt(fields: Fields | null | undefined, name: string): Fields {
  return toFields(fields?.[name]);
}

export function firstAt(fields: Fields, name: string): Fields {
  const value = fields[name];
  return toFields(Array.isArray(value) ? value[0] : null);
}

export function textAt(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === 'string' ? value : '';
}

/** The id of a conversation, of Dify and Coze; `null` where there is none, or something that is no id. */
export function conversationIn({ conversation_id: id }: Fields): string | null {
  return typeof id === 'string' && CODE.test(id) ? id : null;
}

/** A count; `null` where there is none. */
export function countAt(fields: Fields, name: string): number | null {
  const value = fields[name];
  return Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : null;
}
