/** Requests as they should be framed, around whatever path, headers and body they carry. */
import type { Draw } from './draw.js';
import { ANSWER_LIMIT_MS, type Input } from './input.js';
import { CREDENTIALS } from './stage.js';

export interface Request {
  readonly method?: string;
  /** Path and query as they go out. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

export function requestBytes({ method = 'POST', target, headers = {}, body = '' }: Request): Buffer {
  const lines = [
    `${method} ${target} HTTP/1.1`,
    ...Object.entries({
      Host: '127.0.0.1',
      ...headers,
      'Content-Length': String(Buffer.byteLength(body)),
    }).map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), Buffer.from(body)]);
}

/** An input of one such request. */
export function framed(
  kind: Input['kind'],
  shape: string,
  request: Request,
  errors: Input['errors'] = 'ours',
): Input {
  const { method = 'POST' } = request;
  return {
    kind,
    shape,
    parts: [requestBytes(request)],
    errors,
    answersMax: 1,
    mayStaySilent: false,
    afterwards: 'answers',
    limitMs: ANSWER_LIMIT_MS,
    isHead: method === 'HEAD',
    isFramed: true,
  };
}

export function bearer(role: keyof typeof CREDENTIALS): Record<string, string> {
  return { Authorization: `Bearer ${CREDENTIALS[role]}` };
}

/** Mostly right, so that what lies behind the gate is reached; else anything that a header line can hold. */
export function credentials(draw: Draw, role: keyof typeof CREDENTIALS): Record<string, string> {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;
  if (!draw.isOneIn(16)) return bearer(role);
  const Authorization = draw.pick([
    '',
    'Bearer',
    'Bearer  ',
    'Basic !!!!',
    'Digest username="a"',
    basic(''),
    basic(':'),
    basic(`a:b:${CREDENTIALS[role]}`),
    basic('\u0000:\u0000'),
    `Bearer ${'a'.repeat(4_000)}`,
    `bearer ${draw.text('\u00e9\u00ff\u0080ab', 30)}`,
    `Bearer ${draw.text('abc123', 24)}, Bearer ${draw.text('abc123', 24)}`,
    basic(`puppet:${CREDENTIALS[role]}`),
  ]);
  return { Authorization };
}

/** A query of pairs as a form encodes them. */
export function queryOf(pairs: Readonly<Record<string, string>>): string {
  return String(new URLSearchParams(pairs));
}
