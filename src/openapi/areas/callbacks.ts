import { CallbackQueryDto, DecryptedEventDto, VerificationQueryDto } from '../../callback/callback.dto.js';
import type { ErrorCode } from '../../kernel/error-table.js';
import { CORP_ID_FORMAT, ECHO_FORMAT } from '../../kernel/wecom-format.js';
import { jsonOf } from '../components.js';
import type { Area, Content, Parameter, Schema } from '../description.js';
import { queryOfDto, schemaOfDto } from '../dto-schema.js';
import {
  CORP_ID,
  ECHOSTR,
  MSG_SIGNATURE,
  NONCE,
  OPEN_KF_ID,
  SYNC_TOKEN,
  TIMESTAMP,
} from '../example-values.js';

const corpId: Parameter = {
  name: 'corpId',
  in: 'path',
  required: true,
  description: 'The corp whose callback URL it is.',
  schema: { type: 'string', pattern: CORP_ID_FORMAT.pattern.source },
  example: CORP_ID,
};

const signed = {
  msg_signature: {
    description: 'SHA-1 over the callback token, timestamp, nonce and the encrypted text.',
    example: MSG_SIGNATURE,
  },
  timestamp: {
    description: 'Seconds since 1970. How far off it may be, `CALLBACK_MAX_SKEW_S` says.',
    example: TIMESTAMP,
  },
  nonce: { description: 'Chosen by WeCom.', example: NONCE },
};

const ENVELOPE: Schema = {
  type: 'object',
  xml: { name: 'xml' },
  required: ['Encrypt'],
  properties: {
    ToUserName: { type: 'string', description: 'The receiver.' },
    AgentID: { type: 'string' },
    Encrypt: {
      type: 'string',
      pattern: '^[A-Za-z0-9+/]+={0,2}$',
      description: 'The event: AES-256-CBC, in base64.',
    },
  },
};

/** What is as good as signed wrongly, or cannot be opened. */
const OPENING: readonly ErrorCode[] = [
  'REQUEST_INVALID',
  'CALLBACK_CORP_UNKNOWN',
  'CALLBACK_KEYS_SKIPPED',
  'CALLBACK_SIGNATURE_MISMATCH',
  'CALLBACK_RECEIVE_ID_MISMATCH',
  'CALLBACK_TIMESTAMP_OFF',
  'CALLBACK_TOO_MANY_REFUSED',
  'CIPHER_NOT_BASE64',
  'CIPHER_LENGTH_INVALID',
  'CIPHER_PADDING_INVALID',
  'CIPHER_MESSAGE_LENGTH_INVALID',
  'CIPHER_NOT_UTF8',
  'REGISTRY_NOT_LOADED',
  'STORE_UNAVAILABLE',
];

const DISPATCHING: readonly ErrorCode[] = [
  'CALLBACK_ACCOUNT_OF_OTHER_CORP',
  'CALLBACK_EVENT_MALFORMED',
  'DISPATCH_NOT_TAKEN',
  'OUTBOX_FULL',
  'OVERLOADED',
];

const text = (example: string, schema: Schema = {}): Content => ({
  'text/plain': { schema: { type: 'string', ...schema }, example },
});

export const CALLBACKS: Area = {
  'GET /callback/:corpId': {
    id: 'verifyCallbackUrl',
    tags: ['wecom'],
    summary: 'Verify the callback URL',
    description:
      'WeCom asks this when the callback URL is saved, and wants the opened `echostr` back, without quotes or line break. An echo is 1 to 64 letters and digits; any other text, such as that of a captured callback, is 403. It needs the keys of the corp, and no puppet that is online. Changes nothing that is sent.',
    parameters: [
      corpId,
      ...queryOfDto(VerificationQueryDto, {
        ...signed,
        echostr: { description: 'The encrypted text, in base64, percent-encoded.', example: ECHOSTR },
      }),
    ],
    answers: {
      200: {
        description: 'The opened text.',
        content: text('1616140317555161061', { pattern: ECHO_FORMAT.pattern.source }),
      },
    },
    errors: [...OPENING, 'CALLBACK_ECHO_MALFORMED'],
  },
  'POST /callback/:corpId': {
    id: 'receiveCallback',
    tags: ['wecom', 'gateways'],
    summary: 'Take a callback as WeCom sends it',
    description:
      "200 says that the account's puppet took the event, that it is kept on disk and will be delivered, or that it is of a kind that no puppet gets. The answer comes within 3 s; WeCom sends again what was answered otherwise. Safe to repeat: the puppet sees the same `webhook-id`. A body has at most `CALLBACK_BODY_MAX_BYTES` (128 kB); its type may be any.",
    parameters: [corpId, ...queryOfDto(CallbackQueryDto, signed)],
    body: {
      content: {
        'text/xml': { schema: ENVELOPE },
        'application/xml': { schema: ENVELOPE },
      },
    },
    answers: {
      200: { description: 'The event is in good hands.', content: text('success', { const: 'success' }) },
    },
    errors: [
      ...OPENING,
      ...DISPATCHING,
      'CALLBACK_ENVELOPE_MALFORMED',
      'CALLBACK_KEYS_UNPROVEN',
      'CALLBACK_KEYS_UNVERIFIED',
      'REQUEST_BODY_TOO_LARGE',
      'REQUEST_BODIES_TOO_MANY',
    ],
  },
  'POST /callback/decrypted/:corpId': {
    id: 'receiveDecryptedEvent',
    tags: ['gateways'],
    summary: 'Take an event that a gateway has opened',
    description:
      'The promise is that of a callback, and the answer says which half of it holds. Safe to repeat. The body has at most 64 kB.',
    parameters: [corpId],
    body: {
      content: {
        'application/json': {
          schema: schemaOfDto(DecryptedEventDto, {
            token: {
              description: 'The sync token of the event; without one the puppet is told to pull without.',
              example: SYNC_TOKEN,
            },
            openKfId: { description: 'The account that has something new.', example: OPEN_KF_ID },
            createTime: {
              description:
                'The CreateTime of the event, seconds since the epoch: by it an older event is told from a newer one. The digits of WeCom’s XML are taken as text, too.',
              example: 1_348_831_860,
            },
          }),
        },
      },
    },
    answers: { 200: { description: 'The event is in good hands.', content: jsonOf('Delivered') } },
    errors: [
      ...DISPATCHING,
      'CALLBACK_CORP_UNKNOWN',
      'CALLBACK_TOO_MANY_REFUSED',
      'REGISTRY_NOT_LOADED',
      'STORE_UNAVAILABLE',
    ],
  },
};
