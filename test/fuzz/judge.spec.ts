/** That the judge of `npm run fuzz -w lab` sees what it is there for: each answer below is wrong in one way. */
import { expect, it } from '@jest/globals';
import { type Answer, readAnswers } from '../../lab/fuzz/answers.js';
import type { Outcome } from '../../lab/fuzz/connection.js';
import { ANSWER_LIMIT_MS, type Input, POISON, SECRET_MARK } from '../../lab/fuzz/input.js';
import { judge } from '../../lab/fuzz/judge.js';

const input: Input = {
  kind: 'url',
  shape: 'planted',
  parts: [],
  errors: 'ours',
  answersMax: 1,
  mayStaySilent: false,
  afterwards: 'answers',
  limitMs: ANSWER_LIMIT_MS,
  isHead: false,
  isFramed: true,
};
const headers = { 'content-type': 'application/json; charset=utf-8', 'x-request-id': 'r1' };
const error = { code: 400, message: 'The request is not valid', error: 'REQUEST_INVALID', requestId: 'r1' };

function answer(
  change: object = {},
  { body, ...more }: Partial<Omit<Answer, 'body'>> & { body?: string } = {},
): Answer {
  const text = body ?? JSON.stringify({ ...error, ...change });
  return { status: 400, headers, body: Buffer.from(text), ...more };
}

function judged(
  answers: readonly Answer[],
  change: Partial<Outcome> = {},
  of: Partial<Input> = {},
): string[] {
  const outcome = { answers, stray: Buffer.alloc(0), latencyMs: 1, isLate: false, ...change };
  return judge(outcome, { ...input, ...of });
}

const ok = answer({}, { status: 200, body: '{"code":0,"message":"success"}' });
const refused = { errcode: 400, errmsg: 'no' };
const wecoms = answer({}, { body: JSON.stringify(refused) });
const limited = answer({ code: 429 }, { status: 429, headers: { ...headers, 'retry-after': '3' } });

it.each<[string, string[]]>([
  ['what was done', judged([ok])],
  ['a refusal', judged([answer()])],
  ["a refusal in WeCom's shape, where that is right", judged([wecoms], {}, { errors: 'wecom' })],
  ['too many requests, with when to come again', judged([limited])],
  ['a refusal of HEAD, which has no body', judged([answer({}, { body: '' })], {}, { isHead: true })],
  [
    'a health report of a late event loop',
    judged([answer({}, { status: 503, body: '{"status":"error","error":{"eventLoop":{}}}' })]),
  ],
  [
    'the same of HEAD',
    judged(
      [answer({}, { status: 503, body: '' })],
      {},
      {
        isHead: true,
        parts: [Buffer.from('HEAD /health HTTP/1.1')],
      },
    ),
  ],
  ['silence, where nothing whole was asked', judged([], {}, { mayStaySilent: true })],
])('takes %s', (_what, found) => {
  expect(found).toEqual([]);
});

it.each<[string, string[], RegExp]>([
  [
    'a 503 of another HEAD',
    judged(
      [answer({}, { status: 503, body: '' })],
      {},
      {
        isHead: true,
        parts: [Buffer.from('HEAD /api/v1/status HTTP/1.1')],
      },
    ),
    /status 503/,
  ],
  ['a 500 in the right shape', judged([answer({ code: 500 }, { status: 500 })]), /^status 500: /],
  ['a 503', judged([answer({ code: 503 }, { status: 503 })]), /^status 503: /],
  [
    'another health report',
    judged([answer({}, { status: 503, body: '{"status":"error","error":{"storage":{}}}' })]).slice(0, 1),
    /^status 503: /,
  ],
  ['a redirect', judged([answer({ code: 302 }, { status: 302 })]), /^status 302: /],
  ['a code that is not the status', judged([answer({ code: 404 })]), /^code 404 with status 400$/],
  ['a field too many', judged([answer({ statusCode: 400 })]), /^an error of \{.*statusCode/],
  ['a field less', judged([answer({ requestId: undefined })]), /^an error of \{code,error,message\}/],
  ['no stable code', judged([answer({ error: 'Bad Request' })]), /^error Bad Request is no code/],
  ['an empty message', judged([answer({ message: '' })]), /^message is no text/],
  ["another request's id", judged([answer({ requestId: 'r2' })]), /^requestId r2 beside r1/],
  ["WeCom's shape where it is not right", judged([wecoms]), /^an error of \{errcode,errmsg\} instead/],
  [
    "our shape where WeCom's is right",
    judged([answer()], {}, { errors: 'wecom' }),
    /instead of \{errcode,errmsg\}/,
  ],
  ['a stack', judged([answer({ message: 'x\n    at parse (file:///app/dist/a.js:1:2)' })]), /stack trace/],
  ['a position in a file', judged([answer({ message: 'in xml.js:12' })]), /stack trace/],
  [
    'a path of a module',
    judged([answer({}, { status: 200, body: '/app/node_modules/fastify' })]),
    /stack trace/,
  ],
  ['an HTML page', judged([answer({}, { status: 200, body: '<!DOCTYPE html><html></html>' })]), /HTML page/],
  [
    'an error that is a page',
    judged([
      answer({}, { body: '<html></html>', headers: { 'content-security-policy': "script-src 'self'" } }),
    ]).slice(0, 1),
    /HTML page/,
  ],
  [
    'an error without its type',
    judged([answer({}, { headers: { 'x-request-id': 'r1' } })]),
    /no application\/json/,
  ],
  ['broken JSON', judged([answer({}, { body: '{"code":400' })]), /no JSON object/],
  ['429 without Retry-After', judged([answer({ code: 429 }, { status: 429 })]), /without Retry-After/],
  ['401 without a challenge', judged([answer({ code: 401 }, { status: 401 })]), /without WWW-Authenticate/],
  ['405 without Allow', judged([answer({ code: 405 }, { status: 405 })]), /without Allow/],
  ['a secret', judged([answer({ message: `not ${SECRET_MARK}-of-corp-1` })]), /^shows SECRET/],
  [
    'a smuggled request',
    judged([answer({}, { status: 200, headers: { 'x-request-id': POISON } })]),
    /^shows poisoned/,
  ],
  ['an answer too many', judged([ok, ok]), /^2 answers, 1 at most/],
  ['no answer', judged([]), /^closed without an answer/],
  [
    'an answer that does not come',
    judged([], { isLate: true, latencyMs: 5_001 }),
    /^neither answered nor closed after 5001 ms/,
  ],
  ['bytes of no answer', judged([ok], { stray: Buffer.from('oops') }), /^bytes that are no answer: "oops"/],
])('sees %s', (_what, found, expected) => {
  expect(found).toEqual([expect.stringMatching(expected)]);
});

const read = (text: string, isHead = false, isOver = false) => {
  const { answers, end } = readAnswers(Buffer.from(text), { isHead, isOver });
  return { answers: answers.map(({ status, body }) => `${status} ${body}`), rest: text.slice(end) };
};
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n';
const LENGTH = 'HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n';

it.each<[string, ReturnType<typeof read>, string[], string]>([
  ['several', read(`${LENGTH}ab${CHUNKED}`), ['400 ab', '200 abc'], ''],
  ['what has not come yet', read(`${LENGTH}a`), [], `${LENGTH}a`],
  ['what ends with its connection', read('HTTP/1.1 200 OK\r\n\r\nab', false, true), ['200 ab'], ''],
  ['an interim answer, as none', read(`HTTP/1.1 100 Continue\r\n\r\n${LENGTH}ab`), ['400 ab'], ''],
  ['one to HEAD', read(LENGTH, true), ['400 '], ''],
  ['bytes of no answer', read(`${LENGTH}abHTTP/9 200\r\n\r\n`), ['400 ab'], 'HTTP/9 200\r\n\r\n'],
])('reads %s off a connection', (_what, { answers, rest }, expected, expectedRest) => {
  expect(answers).toEqual(expected);
  expect(rest).toBe(expectedRest);
});
