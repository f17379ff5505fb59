import { DeliveriesQueryDto, StreamQueryDto } from '../../api/deliveries.controller.js';
import { DropQueryDto, HintQueryDto, HintsQueryDto, ReplayDto } from '../../api/hints.controller.js';
import { KfAccountsQueryDto } from '../../api/kf-accounts.controller.js';
import { WecomErrorsQueryDto } from '../../api/wecom-errors.controller.js';
import { exampleOf, jsonOf } from '../components.js';
import type { Area, Parameter, Schema } from '../description.js';
import { queryOfDto, schemaOfDto } from '../dto-schema.js';
import { CORP_ID, OPEN_KF_ID } from '../example-values.js';

const openKfId: Parameter = {
  name: 'openKfId',
  in: 'path',
  required: true,
  description: 'The customer-service account.',
  schema: { type: 'string' },
  example: OPEN_KF_ID,
};

/** Of every list. */
const paging = {
  limit: {
    description: 'How many at most.',
    schema: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
    example: 50,
  },
  cursor: { description: '`nextCursor` of the page before; left out, the list begins.' },
};
const corpId = { description: 'Of this corp alone.', example: CORP_ID };
const ofAccount = { description: 'Of this account alone.', example: OPEN_KF_ID };
const outcome = { description: 'Of this outcome alone.' };

/** One of those that a stream is made of. */
const EVENT: Schema = {
  type: 'object',
  required: ['event', 'data'],
  properties: {
    event: { type: 'string', enum: ['hello', 'delivery', 'skipped'] },
    id: { type: 'string', description: "A delivery's." },
    data: { type: 'string', description: 'JSON.' },
  },
};

export const OPERATORS: Area = {
  'GET /api/v1/status': {
    id: 'getStatus',
    tags: ['operators'],
    summary: 'How this process is',
    description:
      'With what waits, which is `null` while the store does not answer, and the counts of the last minute.',
    answers: { 200: { description: 'The status.', content: jsonOf('Status') } },
    errors: [],
  },
  'GET /api/v1/history': {
    id: 'getHistory',
    tags: ['operators'],
    summary: 'How its last hour was',
    description: 'Of this process, in intervals of 10 s, oldest first.',
    answers: { 200: { description: 'The last hour.', content: jsonOf('History') } },
    errors: [],
  },
  'GET /api/v1/kf-accounts': {
    id: 'listAccounts',
    tags: ['operators'],
    summary: 'List accounts',
    description: 'With what waits for them and how their deliveries go; no secret.',
    parameters: queryOfDto(KfAccountsQueryDto, {
      ...paging,
      corpId,
      state: { description: 'In this state alone: the first that is so, of these.' },
      q: {
        description: 'What is in `openKfId`, `name`, `corpId` or `endpoint`, in whatever case.',
        example: 'support',
      },
    }),
    answers: { 200: { description: 'A page of accounts.', content: jsonOf('KfAccountPage') } },
    errors: ['REQUEST_INVALID', 'STORE_UNAVAILABLE'],
  },
  'GET /api/v1/kf-accounts/:openKfId': {
    id: 'getAccount',
    tags: ['operators'],
    summary: 'Show one account',
    description: 'As the list has it.',
    parameters: [openKfId],
    answers: { 200: { description: 'The account.', content: jsonOf('KfAccount') } },
    errors: ['REGISTRY_PUPPET_NOT_FOUND', 'REGISTRY_NOT_LOADED', 'STORE_UNAVAILABLE'],
  },
  'DELETE /api/v1/kf-accounts/:openKfId': {
    id: 'forgetAccount',
    tags: ['operators'],
    summary: 'Forget the registration of an account',
    description:
      'The account is then free for any corp. What waits for it stays kept until a puppet of its corp registers. A second time it is 404.',
    parameters: [openKfId],
    answers: { 200: { description: 'It is forgotten.', content: jsonOf('Success') } },
    errors: ['REGISTRY_PUPPET_NOT_FOUND', 'REQUEST_BODY_TOO_LARGE', 'STORE_UNAVAILABLE'],
  },
  'POST /api/v1/kf-accounts/:openKfId/test': {
    id: 'testAccount',
    tags: ['operators'],
    summary: 'Send its puppet one hint now',
    description:
      'Without a sync token, which has the puppet pull what is new: harmless, and of each corp at most three a minute. Answered 200 also where the puppet did not take it; the answer says so.',
    parameters: [openKfId],
    answers: { 200: { description: 'What came of it.', content: jsonOf('Tested') } },
    errors: [
      'REGISTRY_PUPPET_NOT_FOUND',
      'REGISTRY_NOT_LOADED',
      'RESYNC_LIMITED',
      'REQUEST_BODY_TOO_LARGE',
      'STORE_UNAVAILABLE',
    ],
  },
  'GET /api/v1/hints': {
    id: 'listHints',
    tags: ['operators'],
    summary: 'List what waits or is dead',
    description: 'One for each account at most: the newest event that no puppet has taken.',
    parameters: queryOfDto(HintsQueryDto, {
      ...paging,
      corpId,
      state: { description: '`waiting`: also for a puppet to register. Left out: all.' },
    }),
    answers: { 200: { description: 'A page of hints.', content: jsonOf('HintPage') } },
    errors: ['REQUEST_INVALID', 'STORE_UNAVAILABLE'],
  },
  'POST /api/v1/hints/replay': {
    id: 'replayDeadHints',
    tags: ['operators'],
    summary: 'Send again all that is dead',
    description:
      'They are due at once; those whose sync token has expired are sent at 6 a minute for each corp, since WeCom answers no more. One such request at a time. Repeated, it finds those that have died since.',
    body: {
      content: {
        'application/json': {
          schema: schemaOfDto(ReplayDto, {
            state: { description: 'What is meant.', example: 'dead' },
            corpId,
          }),
        },
      },
    },
    answers: { 200: { description: 'How many are sent.', content: jsonOf('Replayed') } },
    errors: ['HINTS_REPLAY_UNDER_WAY', 'STORE_UNAVAILABLE'],
  },
  'POST /api/v1/hints/:openKfId/replay': {
    id: 'replayHint',
    tags: ['operators'],
    summary: 'Send one again now',
    description: 'Be it waiting or dead. Safe to repeat; once it was taken it is 404.',
    parameters: [
      openKfId,
      ...queryOfDto(HintQueryDto, {
        corpId: { ...corpId, description: 'Which, where several corps have one.' },
      }),
    ],
    answers: { 200: { description: 'It is due now.', content: jsonOf('Success') } },
    errors: [
      'REQUEST_INVALID',
      'HINT_NOT_FOUND',
      'HINT_UNDELIVERABLE',
      'REGISTRY_NOT_LOADED',
      'REQUEST_BODY_TOO_LARGE',
      'STORE_UNAVAILABLE',
    ],
  },
  'DELETE /api/v1/hints/:openKfId': {
    id: 'dropHint',
    tags: ['operators'],
    summary: 'Throw one away',
    description:
      'Its account hears of what was in it with the next event, since a puppet pulls all that is new. A second time it is 404.',
    parameters: [
      openKfId,
      ...queryOfDto(DropQueryDto, {
        corpId: { ...corpId, description: 'Which, where several corps have one.' },
        generation: {
          description:
            'That of the hint as it was seen: what came in since is not dropped. Left out: whatever there is.',
        },
      }),
    ],
    answers: { 200: { description: 'It is gone.', content: jsonOf('Success') } },
    errors: [
      'REQUEST_INVALID',
      'HINT_NOT_FOUND',
      'HINT_CHANGED',
      'REQUEST_BODY_TOO_LARGE',
      'STORE_UNAVAILABLE',
    ],
  },
  'GET /api/v1/deliveries': {
    id: 'listDeliveries',
    tags: ['operators'],
    summary: 'List the latest deliveries',
    description: 'The latest 1,000 attempts of this process, newest first; another replica has other ones.',
    parameters: queryOfDto(DeliveriesQueryDto, { ...paging, openKfId: ofAccount, outcome }),
    answers: { 200: { description: 'A page of deliveries.', content: jsonOf('DeliveryPage') } },
    errors: ['REQUEST_INVALID'],
  },
  'GET /api/v1/stream': {
    id: 'followDeliveries',
    tags: ['operators'],
    summary: 'Follow deliveries as they are made',
    description:
      'Server-sent events, until the reader leaves. `hello` comes first, with `{"replica","version"}`; each `delivery` has the JSON of a Delivery and its id; `skipped` tells with `{"count"}` how many a slow reader missed. A comment comes every 15 s. For at most 32 readers.',
    parameters: queryOfDto(StreamQueryDto, { openKfId: ofAccount, outcome }),
    answers: {
      200: {
        description: 'The events.',
        content: {
          'text/event-stream': {
            schema: EVENT,
            example: { event: 'delivery', id: 'host-3b1f2c-17', data: JSON.stringify(exampleOf('Delivery')) },
          },
        },
      },
    },
    errors: ['REQUEST_INVALID', 'STREAM_READERS_TOO_MANY'],
  },
  'GET /api/v1/wecom-errors': {
    id: 'listWecomErrors',
    tags: ['operators'],
    summary: 'List what WeCom refused',
    description: 'By errcode, since this process started; also what the manager refused in its name.',
    parameters: queryOfDto(WecomErrorsQueryDto, paging),
    answers: { 200: { description: 'A page of errors.', content: jsonOf('SeenWecomErrorPage') } },
    errors: ['REQUEST_INVALID'],
  },
};
