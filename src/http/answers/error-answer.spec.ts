import { describe, expect, it } from '@jest/globals';
import { BadRequestException, HttpException, NotFoundException } from '@nestjs/common';
import { errorCodes } from 'fastify';
import { AppError } from '../../kernel/app-error.js';
import { ERRORS } from '../../kernel/error-table.js';
import { toAppError, toErrorBody } from './error-answer.js';

const ASKED = { id: 'r-1', url: '/callback/ww1' };

function errorWith(properties: object): Error {
  return Object.assign(new Error('the inner text'), properties);
}

describe('the answer to an error', () => {
  it('has the status, the public text with its detail, the stable code and the requestId', () => {
    const error = new AppError('REQUEST_INVALID', {
      detail: 'kfId must be a text',
      internal: { secret: 'hush' },
      cause: new Error('hush'),
    });
    expect(toErrorBody(error, ASKED)).toEqual({
      code: 400,
      message: 'The request is not valid: kfId must be a text',
      error: 'REQUEST_INVALID',
      requestId: 'r-1',
    });
  });

  it('has an HTTP error status and a text for every code of the table', () => {
    const isWrong = ({ status, message }: { status: number; message: string }): boolean =>
      status < 400 || status > 599 || message === '';
    const wrong = Object.entries(ERRORS).filter(([, entry]) => isWrong(entry));
    expect(wrong).toEqual([]);
  });
});

describe('on the routes that stand for those of WeCom', () => {
  const error = new AppError('REQUEST_BODY_TOO_LARGE', { detail: '9 bytes' });
  const inWecomsShape = { errcode: 413, errmsg: 'The body is larger than this route takes: 9 bytes' };

  it.each([
    '/puppetWxkfManager/getToken',
    '/puppetWxkfManager/getToken?corpid=ww1&corpsecret=x',
    '//puppetWxkfManager///getToken',
    '/puppetWxkfManager/%67etToken',
    'http://host:7777/puppetWxkfManager/getToken',
    '/puppetWxkfManager/wxkfRequestProxy',
    '/puppetWxkfManager/wxkfRequestProxy/kf/sync_msg?access_token=x',
    '/puppetWxkfManager//wxkfRequestProxy//kf//sync_msg',
    '/puppetWxkfManager/wxkfRequestProxy/%zz',
  ])("the answer has WeCom's own shape: %s", (url) => {
    expect(toErrorBody(error, { id: 'r-1', url })).toEqual(inWecomsShape);
  });

  it.each([
    '/puppetWxkfManager/register',
    '/puppetWxkfManager/getTokens',
    '/puppetWxkfManager/wxkfRequestProxyX/kf',
    '/puppetWxkfManager?/getToken',
    '/x/puppetWxkfManager/getToken',
    '/puppetwxkfmanager/gettoken',
    '/',
    '',
  ])('and on no other: %s', (url) => {
    expect(toErrorBody(error, { id: 'r-1', url })).toMatchObject({ code: 413, requestId: 'r-1' });
  });
});

describe('an error', () => {
  it('of ours stays itself', () => {
    const error = new AppError('STORE_UNAVAILABLE');
    expect(toAppError(error)).toBe(error);
  });

  it.each([
    ['a route that Nest does not find', new NotFoundException(), 'ROUTE_NOT_FOUND'],
    ['a refusal of Nest', new BadRequestException('why'), 'REQUEST_MALFORMED'],
    ['a body that Nest found too large', new HttpException('why', 413), 'REQUEST_BODY_TOO_LARGE'],
    ['a type that Nest refuses', new HttpException('why', 415), 'REQUEST_TYPE_UNSUPPORTED'],
    ['a teapot', new HttpException('why', 418), 'REQUEST_MALFORMED'],
    ['a URL that Fastify cannot decode', new errorCodes.FST_ERR_BAD_URL(), 'REQUEST_URL_INVALID'],
    [
      'a body that Fastify finds too large',
      new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE(),
      'REQUEST_BODY_TOO_LARGE',
    ],
    [
      'headers that Node finds too large',
      errorWith({ code: 'HPE_HEADER_OVERFLOW' }),
      'REQUEST_HEADERS_TOO_LARGE',
    ],
    ['a request that Node waited for', errorWith({ code: 'ERR_HTTP_REQUEST_TIMEOUT' }), 'REQUEST_TIMEOUT'],
    [
      'what is malformed for Node',
      errorWith({ code: 'HPE_INVALID_METHOD', statusCode: 400 }),
      'REQUEST_MALFORMED',
    ],
    ['a server error of Nest', new HttpException('why', 502), 'INTERNAL'],
    ['an error with an unknown code', errorWith({ code: 'EPIPE' }), 'INTERNAL'],
    ['an unforeseen error', new TypeError('x is undefined'), 'INTERNAL'],
    ['a thrown text', 'the inner text', 'INTERNAL'],
    ['a thrown nothing', undefined, 'INTERNAL'],
  ])('like %s becomes one of the table', (_what, thrown, code) => {
    expect(toAppError(thrown).code).toBe(code);
  });

  it('that nobody foresaw shows nothing of itself and is kept for the log', () => {
    const thrown = errorWith({ statusCode: 500 });
    const error = toAppError(thrown);
    expect(error.cause).toBe(thrown);
    expect(JSON.stringify(toErrorBody(error, ASKED))).not.toContain('the inner text');
  });
});
