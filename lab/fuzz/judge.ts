/**
 * What an answer may be, whatever was sent: 2xx or 4xx, in time, an error in the shape of the contract, and
 * nothing that tells of the inside. It knows nothing of what the input was for.
 */
import type { Answer } from './answers.js';
import type { Outcome } from './connection.js';
import { type ErrorShape, type Input, POISON, SECRET_MARK } from './input.js';

const OURS = ['code', 'error', 'message', 'requestId'];
const WECOMS = ['errcode', 'errmsg'];
const ERROR_CODE = /^[A-Z]+(?:_[A-Z0-9]+)+$/;
/** Of a stack: its lines, a file of a module, a position in a file. */
const STACK = /\n\s*at |\bat (?:file:|async |\S+ \()|node_modules|\.[cm]?[jt]s:\d+|node:internal/;
const HTML = /<!doctype html|<html|<body/i;
const MARKS = [SECRET_MARK, POISON];

export function judge({ answers, stray, isLate, latencyMs }: Outcome, input: Input): string[] {
  const found = answers.flatMap((answer) => judgeAnswer(answer, input));
  if (isLate) found.push(`neither answered nor closed after ${Math.round(latencyMs)} ms`);
  if (answers.length > input.answersMax)
    found.push(`${answers.length} answers, ${input.answersMax} at most are right`);
  if (stray.length > 0 && input.afterwards !== 'cuts')
    found.push(`bytes that are no answer: ${preview(stray)}`);
  if (answers.length === 0 && !isLate && !input.mayStaySilent) found.push('closed without an answer');
  return found;
}

export function judgeAnswer(
  { status, headers, body }: Answer,
  { errors, isHead, parts }: Pick<Input, 'errors' | 'isHead' | 'parts'>,
): string[] {
  const text = body.toString('latin1');
  const all = `${Object.entries(headers).flat().join('\n')}\n${text}`;
  const found = MARKS.filter((mark) => all.includes(mark)).map((mark) => `shows ${mark}`);
  if (STACK.test(text)) found.push('shows a stack trace');
  const type = headers['content-type'] ?? '';
  // Such as the OpenAPI document, which shows a page as an example.
  const isData = type === 'text/plain' || (type.startsWith('application/json') && text.startsWith('{'));
  const isHtml = /html/i.test(type) || (!isData && HTML.test(text));
  if (isHtml && !isOwnPage(status, headers)) found.push('is an HTML page');
  const isStarved = status === 503 && (isHeadOfHealth(parts) || isOfStarvedMachine(body));
  if ((status >= 200 && status < 300) || isStarved) return found;
  if (status < 400 || status >= 500) found.push(`status ${status}: ${preview(body)}`);
  return [
    ...found,
    ...judgeHeaders(status, headers),
    ...(isHead ? [] : judgeBody(status, headers, body, errors)),
  ];
}

/** One that was meant to be a page runs its own scripts alone; an answer of the API may run none. */
function isOwnPage(status: number, { 'content-security-policy': policy = '' }: Answer['headers']): boolean {
  return status === 200 && policy.split(';').includes("script-src 'self'");
}

/** Its answer has no body that says what is wrong. The same GET is judged by its words. */
function isHeadOfHealth([first]: readonly Buffer[]): boolean {
  return first !== undefined && /^HEAD \/+health[/? ]/.test(first.subarray(0, 64).toString('latin1'));
}

/** `/health` with nothing wrong but a late event loop: a machine that does something else is late too. */
export function isOfStarvedMachine(body: Buffer | string): boolean {
  const { status, error } = toObject(Buffer.from(body)) ?? {};
  return status === 'error' && Object.keys(error ?? {}).join() === 'eventLoop';
}

function judgeHeaders(status: number, headers: Answer['headers']): string[] {
  const found: string[] = [];
  if (!/^application\/json\b/.test(headers['content-type'] ?? ''))
    found.push('an error that is no application/json');
  if (status === 401 && !headers['www-authenticate']) found.push('401 without WWW-Authenticate');
  if (status === 405 && !headers.allow) found.push('405 without Allow');
  if (status === 429 && !/^[1-9]\d*$/.test(headers['retry-after'] ?? ''))
    found.push('429 without Retry-After');
  return found;
}

function judgeBody(status: number, headers: Answer['headers'], body: Buffer, errors: ErrorShape): string[] {
  const value = toObject(body);
  if (value === null) return [`an error whose body is no JSON object: ${preview(body)}`];
  const isWecoms = errors === 'wecom' || (errors === 'either' && 'errcode' in value);
  const names = Object.keys(value).sort();
  const expected = isWecoms ? WECOMS : OURS;
  if (names.join() !== expected.join()) return [`an error of {${names}} instead of {${expected}}`];
  return isWecoms ? judgeWecoms(status, value) : judgeOurs(status, value, headers['x-request-id']);
}

function judgeWecoms(status: number, { errcode, errmsg }: Record<string, unknown>): string[] {
  const found: string[] = [];
  if (errcode !== status) found.push(`errcode ${errcode} with status ${status}`);
  if (typeof errmsg !== 'string' || errmsg === '') found.push('errmsg is no text');
  return found;
}

function judgeOurs(
  status: number,
  { code, message, error, requestId }: Record<string, unknown>,
  sentId?: string,
): string[] {
  const found: string[] = [];
  if (code !== status) found.push(`code ${code} with status ${status}`);
  if (typeof message !== 'string' || message === '') found.push('message is no text');
  if (typeof error !== 'string' || !ERROR_CODE.test(error)) found.push(`error ${error} is no code`);
  if (typeof requestId !== 'string' || requestId !== sentId)
    found.push(`requestId ${requestId} beside ${sentId}`);
  return found;
}

function toObject(body: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

function preview(bytes: Buffer): string {
  return JSON.stringify(bytes.subarray(0, 120).toString('latin1'));
}
