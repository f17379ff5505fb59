import type { Content, Schema } from '../http/answers/described.js';
import { toErrorBody } from '../http/answers/error-answer.js';
import { AppError } from '../kernel/app-error.js';
import { ERRORS, type ErrorCode } from '../kernel/error-table.js';

/** Refused before it is known which route is asked for, so always in the manager's shape. */
const BEFORE_ROUTES: readonly ErrorCode[] = [
  'REQUEST_MALFORMED',
  'REQUEST_HEADERS_TOO_LARGE',
  'REQUEST_TIMEOUT',
];

/** By status, what an answer has besides its body. */
const HEADERS: Readonly<Record<number, string>> = {
  401: 'WWW-Authenticate',
  429: 'Retry-After',
  503: 'Retry-After',
};

const ids = {
  manager: { id: '7d793037a0760186', url: '/' },
  wecom: { id: '', url: '/puppetWxkfManager/getToken' },
};

export interface ErrorAnswer {
  readonly description: string;
  readonly content: Content;
  readonly headers?: Readonly<Record<string, Schema>>;
}

/** What routes answer when it goes wrong, from the table of errors. */
export class ErrorAnswers {
  /** Each code that any of them has, as it is answered. */
  readonly examples: Record<string, object> = {};

  /** By status, each with the codes that it may have, in the shape that errors have at that path. */
  of(codes: readonly ErrorCode[], url: string): Record<string, ErrorAnswer> {
    const hasWecomErrors = 'errcode' in toErrorBody(new AppError('INTERNAL'), { id: '', url });
    const byStatus = Map.groupBy([...new Set(codes)].sort(), (code) => ERRORS[code].status);
    return Object.fromEntries(
      [...byStatus].map(([status, those]) => [status, this.#toAnswer(status, those, hasWecomErrors)]),
    );
  }

  #toAnswer(status: number, codes: readonly ErrorCode[], hasWecomErrors: boolean): ErrorAnswer {
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

/** With the codes of that status alone, so that a client can tell them apart. */
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
