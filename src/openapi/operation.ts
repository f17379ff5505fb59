import type { AllowedCallers } from '../http/allowed-callers.js';
import type { ErrorCode } from '../kernel/error-table.js';
import type { Answer, Content, Description } from './description.js';
import type { ErrorAnswers } from './error-answers.js';
import { securityOf } from './security.js';

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

const OF_JSON_BODIES: readonly ErrorCode[] = [
  'REQUEST_INVALID',
  'REQUEST_BODY_NOT_JSON',
  'REQUEST_BODY_TOO_LARGE',
  'REQUEST_BODIES_TOO_MANY',
  'REQUEST_TYPE_UNSUPPORTED',
];

/** All codes that a route may answer. */
function errorsOf({ errors, body }: Description, allowed: AllowedCallers): ErrorCode[] {
  return [
    ...OF_ALL,
    ...(allowed === 'anyone' ? [] : OF_ROLES),
    ...(isJsonAlone(body?.content) ? OF_JSON_BODIES : []),
    ...errors,
  ];
}

function isJsonAlone(content: Content | undefined): boolean {
  return content !== undefined && Object.keys(content).join() === 'application/json';
}

/** The description as OpenAPI has it. */
export function toOperation(description: Description, allowed: AllowedCallers, errors: ErrorAnswers): object {
  const { id, tags, summary, description: text, parameters, body, answers, hasWecomErrors } = description;
  const failures = errors.of(errorsOf(description, allowed), hasWecomErrors === true);
  return {
    operationId: id,
    tags,
    summary,
    description: text,
    ...(parameters && { parameters }),
    ...(body && { requestBody: { required: body.isOptional !== true, content: body.content } }),
    responses: merge(answers, failures),
    security: securityOf(allowed),
  };
}

/** Every answer tells its requestId. Where any status may be passed on, one of ours may have another's body. */
function merge(
  answers: Readonly<Record<string, Answer>>,
  failures: Readonly<Record<string, Answer>>,
): object {
  const { default: passedOn } = answers;
  const { '*/*': otherTypes } = passedOn?.content ?? {};
  const toHeaders = ({ headers }: Answer): object => ({
    ...headers,
    'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' },
  });
  const toContent = ({ content }: Answer): object | undefined =>
    content && { content: { ...content, ...(otherTypes && { '*/*': otherTypes }) } };
  return Object.fromEntries(
    Object.entries({ ...failures, ...answers }).map(([status, answer]) => [
      status,
      { ...answer, ...toContent(answer), headers: toHeaders(answer) },
    ]),
  );
}
