/** The answers by name, each with an example that its schema takes. */
import { z } from 'zod';
import { APP, APP_CREATED, APP_PAGE } from '../api/answers/app.js';
import { DELIVERY, DELIVERY_PAGE } from '../api/answers/delivery.js';
import { FAILURE } from '../api/answers/failure.js';
import { HINT, HINT_PAGE, REPLAYED } from '../api/answers/hint.js';
import { KF_ACCOUNT, KF_ACCOUNT_PAGE, TESTED } from '../api/answers/kf-account.js';
import { SUCCESS } from '../api/answers/page.js';
import { SESSION } from '../api/answers/session.js';
import { HISTORY, HISTORY_POINT, STATUS } from '../api/answers/status.js';
import { WECOM_ERROR, WECOM_ERROR_PAGE } from '../api/answers/wecom-error.js';
import type { ErrorBody, WecomErrorBody } from '../http/error-answer.js';
import { ERRORS, type ErrorCode } from '../kernel/error-table.js';
import type { PuppetInfo } from '../registry/register.dto.js';
import type { WecomAnswer } from '../wecom/wecom-answer.js';
import type { Content, Schema } from './description.js';
import { CALLBACK_TOKEN, CORP_ID, ENCODING_AES_KEY, ENDPOINT, OPEN_KF_ID } from './example-values.js';

const ERROR_CODES = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

const ERROR = z.object({
  code: z.int().describe('The HTTP status.'),
  message: z.string().describe('What is wrong and what to do about it.'),
  error: z.enum(ERROR_CODES).describe('Once published, it keeps its meaning.'),
  requestId: z.string().describe("The request's x-request-id, which stands in the manager's log."),
}) satisfies z.ZodType<ErrorBody>;

const WECOM_ERROR_BODY = z.object({
  errcode: z.int().describe("The HTTP status, which no error of WeCom's is."),
  errmsg: z.string().describe('What is wrong and what to do about it.'),
}) satisfies z.ZodType<WecomErrorBody>;

const REFUSAL = z.object({
  errcode: z
    .int()
    .describe("WeCom's, never 0. The manager's own are 41002, 41004 (a parameter is missing) and 45009."),
  errmsg: z.string(),
}) satisfies z.ZodType<WecomAnswer>;

const ACCESS_TOKEN = z.object({
  errcode: z.literal(0),
  errmsg: z.literal('ok'),
  access_token: z.string(),
  expires_in: z.int().min(1).describe('Seconds that are really left, rounded down.'),
});

const DELIVERED = SUCCESS.extend({
  delivery: z
    .enum(['delivered', 'pending'])
    .describe('delivered: the puppet took it; pending: it is kept on disk and will be delivered.'),
});

const PUPPET = z.object({
  kfId: z.string(),
  kfName: z.string(),
  endpoint: z.string(),
  corpId: z.string(),
  online: z.boolean(),
  lastOnlineDate: z.iso.datetime().nullable().describe('Its last hello or goodbye; null: never recorded.'),
}) satisfies z.ZodType<PuppetInfo>;

const PART = z.looseObject({ status: z.enum(['up', 'down']) });
const PARTS = z.record(z.string(), PART);
const HEALTH = z.object({
  status: z.enum(['ok', 'error', 'shutting_down']),
  info: PARTS.describe('The parts that are up.'),
  error: PARTS.describe('The parts that are down.'),
  details: PARTS.describe('All of them.'),
});

/** Typed, so that no example can be of another shape. */
function component<T extends z.ZodType>(schema: T, example: z.infer<T>): Component {
  return { schema, example };
}

interface Component {
  readonly schema: z.ZodType;
  readonly example: unknown;
}

const AT = '2026-01-31T08:00:00.000Z';

const A_FAILURE = { at: AT, stage: 'connect' as const, reason: 'connection refused' };

const A_HINT = {
  corpId: CORP_ID,
  openKfId: OPEN_KF_ID,
  name: 'Support',
  generation: '0b9d1c5e-6a0f-4a4c-9d6e-3f1f2a7c8b90',
  state: 'waiting' as const,
  arrivedAt: AT,
  ageS: 42.1,
  attempts: 3,
  dueAt: '2026-01-31T08:00:10.000Z',
  endpoint: ENDPOINT,
  isUnderWay: false,
  isSyncTokenExpired: false,
  failure: A_FAILURE,
};

const AN_ACCOUNT = {
  openKfId: OPEN_KF_ID,
  name: 'Support',
  corpId: CORP_ID,
  endpoint: ENDPOINT,
  state: 'waiting' as const,
  online: true,
  lastOnlineAt: AT,
  registeredFrom: '127.0.0.1',
  circuit: 'closed' as const,
  hint: A_HINT,
  lastDelivery: { at: AT, status: 200, durationMs: 4.2, occasion: 'inline' as const },
  lastFailure: A_FAILURE,
};

const A_DELIVERY = {
  id: 'host-3b1f2c-17',
  replica: 'host-3b1f2c',
  at: AT,
  corpId: CORP_ID,
  openKfId: OPEN_KF_ID,
  endpoint: ENDPOINT,
  occasion: 'inline' as const,
  attempt: 1,
  form: 'encrypted' as const,
  webhookId: 'msg_2b0c',
  outcome: 'taken' as const,
  status: 200,
  stage: null,
  reason: null,
  durationMs: 4.2,
};

const A_POINT = {
  at: AT,
  callbacks: 120,
  delivered: 118,
  kept: 2,
  refused: 0,
  notTaken: 0,
  failedAttempts: 2,
  waiting: 1,
  dead: 0,
  oldestWaitingAgeS: 42.1,
};

const A_WECOM_ERROR = { operation: 'call' as const, errcode: '45009', count: 3, lastAt: AT };

const A_STATUS = {
  version: '2.0.0',
  node: '24.21.0',
  replica: 'host-3b1f2c',
  startedAt: AT,
  uptimeS: 86_400,
  ready: true,
  storage: { kind: 'mongodb' as const, up: true },
  counts: { accounts: 12, online: 11, waiting: 1, parked: 0, dead: 0, unreadable: 0, openCircuits: 0 },
  oldestWaitingAgeS: 42.1,
  lastMinute: {
    callbacks: 720,
    delivered: 719,
    kept: 1,
    refused: 0,
    notTaken: 0,
    failedAttempts: 1,
    tokenRequests: 2,
    proxyCalls: 900,
  },
};

const AN_APP = {
  id: 'a1b2c3d4e5f6',
  corpId: CORP_ID,
  name: 'Support',
  source: 'api' as const,
  receiveIds: [],
  callbackPath: `/callback/${CORP_ID}`,
  createdAt: '2026-01-31T08:00:00.000Z',
  verifiedAt: null,
  accounts: 2,
  lastDeliveryAt: null,
};

const COMPONENTS = {
  ManagerError: component(ERROR, {
    code: 404,
    message: ERRORS.REGISTRY_PUPPET_NOT_FOUND.message,
    error: 'REGISTRY_PUPPET_NOT_FOUND',
    requestId: '7d793037a0760186',
  }),
  WecomError: component(WECOM_ERROR_BODY, { errcode: 504, errmsg: ERRORS.WECOM_UNREACHABLE.message }),
  WecomRefusal: component(REFUSAL, { errcode: 40001, errmsg: 'invalid credential' }),
  AccessToken: component(ACCESS_TOKEN, {
    errcode: 0,
    errmsg: 'ok',
    access_token: 'the-access-token',
    expires_in: 5_317,
  }),
  Success: component(SUCCESS, { code: 0, message: 'success' }),
  Delivered: component(DELIVERED, { code: 0, message: 'success', delivery: 'delivered' }),
  Puppet: component(PUPPET, {
    kfId: OPEN_KF_ID,
    kfName: 'Support',
    endpoint: ENDPOINT,
    corpId: CORP_ID,
    online: true,
    lastOnlineDate: '2026-01-31T08:00:00.000Z',
  }),
  Status: component(STATUS, A_STATUS),
  HistoryPoint: component(HISTORY_POINT, A_POINT),
  History: component(HISTORY, { intervalS: 10, items: [A_POINT] }),
  Failure: component(FAILURE, A_FAILURE),
  Hint: component(HINT, A_HINT),
  HintPage: component(HINT_PAGE, { items: [A_HINT], nextCursor: null }),
  Replayed: component(REPLAYED, { code: 0, message: 'success', replayed: 3 }),
  KfAccount: component(KF_ACCOUNT, AN_ACCOUNT),
  KfAccountPage: component(KF_ACCOUNT_PAGE, { items: [AN_ACCOUNT], nextCursor: null }),
  Tested: component(TESTED, { taken: true, status: 200, durationMs: 4.2, body: 'success', failure: null }),
  Delivery: component(DELIVERY, A_DELIVERY),
  DeliveryPage: component(DELIVERY_PAGE, { items: [A_DELIVERY], nextCursor: null }),
  SeenWecomError: component(WECOM_ERROR, A_WECOM_ERROR),
  SeenWecomErrorPage: component(WECOM_ERROR_PAGE, { items: [A_WECOM_ERROR], nextCursor: null }),
  App: component(APP, AN_APP),
  AppPage: component(APP_PAGE, { items: [AN_APP], nextCursor: null }),
  AppCreated: component(APP_CREATED, { ...AN_APP, token: CALLBACK_TOKEN, encodingAESKey: ENCODING_AES_KEY }),
  Session: component(SESSION, { isSignedIn: true, isAsked: true, expiresAt: '2026-01-31T20:00:00.000Z' }),
  Health: component(HEALTH, {
    status: 'ok',
    info: { registry: { status: 'up', puppets: 12 }, lifecycle: { status: 'up' } },
    error: {},
    details: { registry: { status: 'up', puppets: 12 }, lifecycle: { status: 'up' } },
  }),
} satisfies Readonly<Record<string, Component>>;

export type ComponentName = keyof typeof COMPONENTS;

export function refTo(name: ComponentName): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

export function exampleOf(name: ComponentName): unknown {
  return COMPONENTS[name].example;
}

/** JSON of that component, with its example. */
export function jsonOf(name: ComponentName): Content {
  return { 'application/json': { schema: refTo(name), example: exampleOf(name) } };
}

export function componentSchemas(): Record<string, Schema> {
  const registry = z.registry<{ id: string }>();
  for (const [id, { schema }] of Object.entries(COMPONENTS)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, {
    uri: (id) => `#/components/schemas/${id}`,
    override: ({ jsonSchema }) => leaveOutTheObvious(jsonSchema),
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _version, $id: _place, ...schema }]) => [id, schema]),
  );
}

/** That a whole number is one that JSON can carry, and what a date looks like beside its format. */
function leaveOutTheObvious(schema: z.core.JSONSchema.BaseSchema): void {
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.format === 'date-time') delete schema.pattern;
}
