import { SignInDto } from '../../console/sign-in.dto.js';
import { CONSOLE_HEADER } from '../../http/own-page.js';
import { jsonOf } from '../components.js';
import type { Answer, Area, Content, Parameter } from '../description.js';
import { schemaOfDto } from '../dto-schema.js';

const HTML: Content = { 'text/html': { schema: { type: 'string' }, example: '<!doctype html>' } };

const SESSION_ENDED: Answer = {
  description: 'Nobody is signed in any more.',
  content: jsonOf('Session'),
  headers: { 'Set-Cookie': { $ref: '#/components/headers/Set-Cookie' } },
};

const ownPage: Parameter = {
  name: CONSOLE_HEADER,
  in: 'header',
  required: true,
  description: 'A page of another site cannot send it.',
  schema: { type: 'string', const: '1' },
  example: '1',
};

export const CONSOLE: Area = {
  'GET /': {
    id: 'getRoot',
    tags: ['console'],
    summary: 'To the console',
    description: 'For a browser, which asks for `text/html`; for others there is nothing here.',
    answers: { 302: { description: 'The console is at `/console`.' } },
    errors: ['ROUTE_NOT_FOUND'],
  },
  'GET /console': {
    id: 'getConsole',
    tags: ['console'],
    summary: 'The console',
    description:
      'A page that asks the rest of this API. It holds nothing of what is registered, so anyone may have it.',
    answers: { 200: { description: 'The page.', content: HTML } },
    errors: ['ROUTE_NOT_FOUND'],
  },
  'GET /console/*': {
    id: 'getConsoleFile',
    tags: ['console'],
    summary: 'A file of the console, or one of its pages',
    description: 'A path without a file ending is one of its pages, and gives the same as `/console`.',
    parameters: [
      {
        name: 'path',
        in: 'path',
        required: true,
        description: 'The place of the file, or the path of the page.',
        schema: { type: 'string' },
        example: 'accounts',
      },
    ],
    answers: { 200: { description: 'The file, or the page.', content: { ...HTML, '*/*': { schema: {} } } } },
    errors: ['ROUTE_NOT_FOUND'],
  },
  'GET /console/session': {
    id: 'getSession',
    tags: ['console'],
    summary: 'Whether somebody is signed in',
    description: 'By the cookie that comes with the request. Never 401.',
    answers: { 200: { description: 'The session, or that there is none.', content: jsonOf('Session') } },
    errors: [],
  },
  'POST /console/session': {
    id: 'signIn',
    tags: ['console'],
    summary: 'Sign in to the console',
    description:
      'Sets a cookie that counts as the role `operator` for 12 h, on all replicas, and ends with the secret. Safe to repeat.',
    body: {
      content: {
        'application/json': {
          schema: schemaOfDto(SignInDto, {
            token: { description: 'A secret of `AUTH_OPERATOR_TOKEN`.', example: '<secret of an operator>' },
          }),
        },
      },
    },
    answers: {
      200: {
        description: 'The session. While no role has a secret there is none, and none is needed.',
        content: jsonOf('Session'),
        headers: { 'Set-Cookie': { $ref: '#/components/headers/Set-Cookie' } },
      },
    },
    errors: ['AUTH_WRONG', 'AUTH_ROLE_CLOSED', 'AUTH_TOO_MANY_FAILED', 'AUTH_CROSS_SITE'],
  },
  'DELETE /console/session': {
    id: 'signOut',
    tags: ['console'],
    summary: 'Sign out',
    description:
      'Clears the cookie, and this process refuses the session from then on. Other replicas do not hear of it: there a copy of the cookie counts until its end, or until the secret is changed. Safe to repeat.',
    parameters: [ownPage],
    answers: { 200: SESSION_ENDED },
    errors: ['AUTH_CROSS_SITE', 'REQUEST_BODY_TOO_LARGE'],
  },
};
