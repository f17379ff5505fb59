import { HttpException } from '@nestjs/common';
import { AppError } from '../../kernel/app-error.js';
import { errorCodeOf } from '../../kernel/error-code.js';
import { ERRORS, type ErrorCode } from '../../kernel/error-table.js';
import type { ManagerErrorAnswer, WecomErrorAnswer } from './error-answer.dto.js';
import { toRequestPath } from '../request/request-path.js';

const WECOM_STYLED = /^\/(puppetWxkfManager\/(getToken|wxkfRequestProxy)|cgi-bin|bot)(\/|$)/;

/** The error body in the form of the requested route, even if that route does not exist. */
export function toErrorBody(error: AppError, { id, url }: AskedFor): ManagerErrorAnswer | WecomErrorAnswer {
  const { status } = ERRORS[error.code];
  if (WECOM_STYLED.test(toRequestPath(url))) return { errcode: status, errmsg: error.message };
  return { code: status, message: error.message, error: error.code, requestId: id };
}

interface AskedFor {
  /** The requestId. */
  readonly id: string;
  /** The raw URL; `''` when the request could not be parsed that far. */
  readonly url: string;
}

/** Our errors for what Fastify and Node refuse themselves, by their documented codes. */
const FRAMEWORK_CODES = new Map<string, ErrorCode>(
  Object.entries({
    FST_ERR_BAD_URL: 'REQUEST_URL_INVALID',
    FST_ERR_MAX_PARAM_LENGTH: 'REQUEST_URL_INVALID',
    FST_ERR_CTP_BODY_TOO_LARGE: 'REQUEST_BODY_TOO_LARGE',
    FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'REQUEST_MALFORMED',
    FST_ERR_CTP_INVALID_MEDIA_TYPE: 'REQUEST_TYPE_UNSUPPORTED',
    HPE_HEADER_OVERFLOW: 'REQUEST_HEADERS_TOO_LARGE',
    ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
  }),
);

/** Errors by status, when there is no code: Nest wraps some of Fastify's errors in its own. */
const FRAMEWORK_STATUSES: Readonly<Record<number, ErrorCode>> = {
  404: 'ROUTE_NOT_FOUND',
  408: 'REQUEST_TIMEOUT',
  413: 'REQUEST_BODY_TOO_LARGE',
  414: 'REQUEST_URL_INVALID',
  415: 'REQUEST_TYPE_UNSUPPORTED',
  431: 'REQUEST_HEADERS_TOO_LARGE',
};

/** Turns any error into one of the table. An unforeseen one becomes `INTERNAL` and reveals nothing. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const status = statusOf(error);
  const code = FRAMEWORK_CODES.get(errorCodeOf(error)) ?? FRAMEWORK_STATUSES[status];
  if (code !== undefined) return new AppError(code);
  return new AppError(status >= 400 && status < 500 ? 'REQUEST_MALFORMED' : 'INTERNAL', { cause: error });
}

function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  return error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
}
