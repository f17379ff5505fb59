import type { FastifyContextConfig } from 'fastify';
import { toErrorBody } from '../http/answers/error-answer.js';
import { AppError } from '../kernel/app-error.js';
import { ERRORS, type ErrorCode } from '../kernel/error-table.js';
import type { Schema } from './rules.js';

/** Errors before the route is known. So they always have the manager's shape. */
const BEFORE_ROUTES: readonly ErrorCode[] = [
  'REQUEST_MALFORMED',
  'REQUEST_HEADERS_TOO_LARGE',
  'REQUEST_TIMEOUT',
];

/** The header that an error answer has, by status. */
const HEADERS: Readonly<Record<number, string>> = {
  401: 'WWW-Authenticate',
  429: 'Retry-After',
  503: 'Retry-After',
};

const ids = {
  manager: { id: '7d793037a0760186', url: '/' },
  wecom: { id: '', url: '/puppetWxkfManager/getToken' },
};

/** The error answers of routes, from the table of errors. */
export class ErrorAnswers {
  /** An example answer for each code that a route has. */
  readonly examples: Record<string, object> = {};

  /** The answers for the codes, by status, in the shape that errors have at that URL. */
  of(codes: readonly ErrorCode[], url: string) {
    const hasWecomErrors = 'errcode' in toErrorBody(new AppError('INTERNAL'), { id: '', url });
    const byStatus = Map.groupBy([...new Set(codes)].sort(), (code) => ERRORS[code].status);
    return Object.fromEntries(
      [...byStatus].map(([status, those]) => [status, this.#toAnswer(status, those, hasWecomErrors)]),
    );
  }

  #toAnswer(status: number, codes: readonly ErrorCode[], hasWecomErrors: boolean) {
    const isWecoms = (code: ErrorCode): boolean => hasWecomErrors && !BEFORE_ROUTES.includes(code);
    const ours = codes.filter((code) => !isWecoms(code));
    const schemas = [
      ...(ours.length > 0 ? [toManagersSchema(status, ours)] : []),
      ...(ours.length < codes.length ? [toWecomsSchema(status)] : []),
    ];
    const [schema = {}, other] = schemas;
    const examples = codes.map((code) => [code, this.#exampleOf(code, isWecoms(code) ? 'wecom' : 'manager')]);
    const header = HEADERS[status];
    return {
      description: codes.map((code) => `- \`${code}\`: ${ERRORS[code].message}.`).join('\n'),
      ...(header && { headers: { [header]: { $ref: `#/components/headers/${header}` } } }),
      content: {
        'application/json': {
          schema: other === undefined ? schema : { anyOf: schemas },
          examples: Object.fromEntries(examples),
        },
      },
    };
  }

  #exampleOf(code: ErrorCode, shape: keyof typeof ids): Schema {
    const name = `${shape}.${code}`;
    const { message: summary } = ERRORS[code];
    this.examples[name] = { summary, value: toErrorBody(new AppError(code), ids[shape]) };
    return { $ref: `#/components/examples/${name}` };
  }
}

/** Lists only the codes of that status, so that a client can tell them apart. */
function toManagersSchema(status: number, codes: readonly ErrorCode[]): Schema {
  const narrowed = { code: { const: status }, error: { enum: codes } };
  return {
    allOf: [
      { $ref: '#/components/schemas/ManagerError' },
      { type: 'object', required: Object.keys(narrowed), properties: narrowed },
    ],
  };
}

function toWecomsSchema(status: number): Schema {
  const narrowed = { errcode: { const: status } };
  return {
    allOf: [
      { $ref: '#/components/schemas/WecomError' },
      { type: 'object', required: Object.keys(narrowed), properties: narrowed },
    ],
  };
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

/** For routes that an operator with the role `reader` must not call. */
const OF_ADMINS: readonly ErrorCode[] = ['AUTH_READER'];

/** For routes with bots' keys, while the bot of a key cannot be looked up. */
const OF_BOTS: readonly ErrorCode[] = ['REGISTRY_NOT_LOADED', 'STORE_UNAVAILABLE'];

const OF_JSON_BODIES: readonly ErrorCode[] = [
  'REQUEST_INVALID',
  'REQUEST_BODY_NOT_JSON',
  'REQUEST_BODIES_TOO_MANY',
  'REQUEST_TYPE_UNSUPPORTED',
];

/** All codes that a route may answer. @param isJudged whether it has a query, or a pattern in its path. */
export function codesOf(
  method: string,
  { allowedCallers = 'anyone', allowsBots = false, takesBody }: FastifyContextConfig,
  isJudged: boolean,
  own: readonly ErrorCode[],
): ErrorCode[] {
  return [
    ...OF_ALL,
    ...(typeof allowedCallers === 'string' ? [] : OF_ROLES),
    ...(method !== 'get' && allowedCallers.includes('operator') ? OF_ADMINS : []),
    ...(allowsBots || allowedCallers === 'bots' ? OF_BOTS : []),
    ...(takesBody === 'json' ? OF_JSON_BODIES : []),
    ...(isJudged ? (['REQUEST_INVALID'] as const) : []),
    ...(method === 'get' ? [] : (['REQUEST_BODY_TOO_LARGE'] as const)),
    ...own,
  ];
}
