/** Adds to an operation what its types and comments cannot tell. */
import type { Answer, AnswersByStatus, Class, Content, Schema } from '../http/answers/described.js';
import type { ErrorCode } from '../kernel/error-table.js';
import type { ErrorAnswer, ErrorAnswers } from './error-answers.js';
import type { Route } from './routes.js';
import { nameOf, refTo } from './rules.js';
import { exampleOf, type Schemas, toMarkdown } from './schemas.js';
import { securityOf } from './security.js';

/** As swagger makes it. */
export interface Operation {
  readonly operationId: string;
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly description?: string;
  readonly schema: Schema;
}

interface ToComplete {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
  readonly route: Route;
  readonly schemas: Schemas;
  readonly errors: ErrorAnswers;
}

/** Under it an operation says who may call it; without security schemes for it, where nobody is asked. */
const ALLOWED_CALLERS = 'x-allowed-callers';

export function completeOperation(all: ToComplete): Operation {
  const { path, operation, route, errors } = all;
  const { operationId, summary = '', description = '' } = operation;
  if (summary === '' || description === '') throw new Error(`${operationId} has no comment, or no remarks`);
  const { allowedCallers = 'anyone', allowsBots = false } = route.config;
  const parameters = [...(operation.parameters ?? []).map(toParameter), ...headersOf(route)];
  const requestBody = bodyOf(operation, route);
  return {
    operationId,
    ...{ tags: route.tags },
    summary: summary.replace(/\.$/, ''),
    description: toMarkdown(description),
    ...(parameters.length > 0 && { parameters }),
    ...(requestBody && { requestBody }),
    responses: merge(answersOf(all), errors.of(errorsOf(all), path)),
    ...{ security: securityOf(allowedCallers, allowsBots), [ALLOWED_CALLERS]: allowedCallers },
  };
}

function toParameter({ schema, description = '', ...parameter }: Parameter): Parameter {
  const { example, ...rest } = schema;
  return {
    ...parameter,
    description: toMarkdown(description),
    schema: rest,
    ...(example !== undefined && { example }),
  };
}

function headersOf({ reading }: Route): Parameter[] {
  return (reading.headers ?? []).map((header) => ({ ...(header as unknown as Parameter), in: 'header' }));
}

function bodyOf({ requestBody }: Operation, { reading }: Route) {
  const { content = requestBody?.content, isContentOptional = false } = reading;
  return content && { required: !isContentOptional, content };
}

interface Response {
  readonly description: string;
  readonly content?: Content;
  readonly headers?: Readonly<Record<string, Schema>>;
}

function answersOf({ operation, route, schemas }: ToComplete): Record<string, Response> {
  return Object.fromEntries(
    Object.entries(route.answers as AnswersByStatus).map(([status, answer]) => {
      const described: Answer = typeof answer === 'string' ? { description: answer } : answer;
      const content =
        described.content ?? contentOf(described, operation.responses[status]?.content, schemas);
      const headers = Object.fromEntries((described.headers ?? []).map((name) => [name, toHeader(name)]));
      return [status, { description: described.description, headers, ...(content && { content }) }];
    }),
  );
}

function toHeader(name: string): Schema {
  return { $ref: `#/components/headers/${name}` };
}

function contentOf(answer: Answer, returned: Content | undefined, schemas: Schemas): Content | undefined {
  const { types = [], mediaType = 'application/json' } = answer;
  const refs = types.length === 0 ? refsIn(returned) : types.map((type) => ({ $ref: refTo(type) }));
  const [schema, other] = refs;
  if (schema === undefined) return undefined;
  const exampleOfType = (type: Class): object => exampleOf(nameOf(type), schemas);
  if (other === undefined) {
    const example = answer.example?.(exampleOfType) ?? exampleOf(nameIn(schema), schemas);
    return { [mediaType]: { schema, example } };
  }
  const examples = types.map((type) => [nameOf(type), { value: exampleOfType(type) }]);
  return { [mediaType]: { schema: { anyOf: refs }, examples: Object.fromEntries(examples) } };
}

type Ref = Schema & { readonly $ref: string };

function nameIn({ $ref }: Ref): string {
  return $ref.slice($ref.lastIndexOf('/') + 1);
}

function refsIn(content: Content | undefined): Ref[] {
  return Object.values(content ?? {}).flatMap(({ schema }) => ('$ref' in schema ? [schema as Ref] : []));
}

const OF_ALL: readonly ErrorCode[] = [
  'REQUEST_MALFORMED',
  'REQUEST_URL_INVALID',
  'REQUEST_HEADERS_TOO_LARGE',
  'REQUEST_TIMEOUT',
  'INTERNAL',
];

const OF_ROLES: readonly ErrorCode[] = [
  'AUTH_MISSING',
  'AUTH_WRONG',
  'AUTH_SESSION_ENDED',
  'AUTH_ROLE_CLOSED',
  'AUTH_ROLE_FORBIDDEN',
  'AUTH_TOO_MANY_FAILED',
  'AUTH_HOST_FOREIGN',
  'AUTH_CROSS_SITE',
];

/** Of what an operator of the role `reader` may not do. */
const OF_ADMINS: readonly ErrorCode[] = ['AUTH_READER'];

/** While nobody can tell whose key it is. */
const OF_BOTS: readonly ErrorCode[] = ['REGISTRY_NOT_LOADED', 'STORE_UNAVAILABLE'];

const OF_JSON_BODIES: readonly ErrorCode[] = [
  'REQUEST_INVALID',
  'REQUEST_BODY_NOT_JSON',
  'REQUEST_BODIES_TOO_MANY',
  'REQUEST_TYPE_UNSUPPORTED',
];

/** All codes that a route may answer. */
function errorsOf({ method, operation, route }: ToComplete): ErrorCode[] {
  const { allowedCallers = 'anyone', allowsBots = false, takesBody } = route.config;
  const isJudged = ({ in: place, schema }: Parameter) => place === 'query' || schema['pattern'] !== undefined;
  return [
    ...OF_ALL,
    ...(typeof allowedCallers === 'string' ? [] : OF_ROLES),
    ...(method !== 'get' && allowedCallers.includes('operator') ? OF_ADMINS : []),
    ...(allowsBots || allowedCallers === 'bots' ? OF_BOTS : []),
    ...(takesBody === 'json' ? OF_JSON_BODIES : []),
    ...(operation.parameters?.some(isJudged) ? (['REQUEST_INVALID'] as const) : []),
    ...(method === 'get' ? [] : (['REQUEST_BODY_TOO_LARGE'] as const)),
    ...route.errors,
  ];
}

/** Every answer tells its requestId. Where any status may be passed on, one of ours may have another's body. */
function merge(
  answers: Readonly<Record<string, Response>>,
  failures: Readonly<Record<string, ErrorAnswer>>,
): Record<string, Response> {
  const { default: passedOn } = answers;
  const { '*/*': otherTypes } = passedOn?.content ?? {};
  const toContent = ({ content }: Response) =>
    content && { content: { ...content, ...(otherTypes && { '*/*': otherTypes }) } };
  return Object.fromEntries(
    Object.entries({ ...failures, ...answers }).map(([status, answer]) => [
      status,
      {
        ...answer,
        ...toContent(answer),
        headers: { ...answer.headers, 'X-Request-Id': toHeader('X-Request-Id') },
      },
    ]),
  );
}
