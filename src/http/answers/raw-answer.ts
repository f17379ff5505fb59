/** Writes error answers by hand, in the usual shape, for requests that Fastify does not answer. */
import { STATUS_CODES } from 'node:http';
import type { AppError } from '../../kernel/app-error.js';
import { ERRORS } from '../../kernel/error-table.js';
import { API_HEADERS } from './browser-headers.js';
import { toErrorBody } from './error-answer.js';

const API_HEADER_LINES = Object.entries(API_HEADERS)
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join('');

/** A whole answer, after which the connection is closed. @param more further headers, each a name and a value. */
export function toRawAnswer(
  error: AppError,
  requestId: string,
  more: readonly (readonly [string, string])[] = [],
): string {
  const { status } = ERRORS[error.code];
  const body = JSON.stringify(toErrorBody(error, { id: requestId, url: '' }));
  const lines = more.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return (
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json; charset=utf-8\r\n` +
    `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\nx-request-id: ${requestId}\r\n` +
    `${lines}${API_HEADER_LINES}\r\n${body}`
  );
}
