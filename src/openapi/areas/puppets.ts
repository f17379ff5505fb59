import { ENDPOINT_LENGTH_MAX, ID_FORMAT } from '../../kernel/wecom-format.js';
import { DeregisterDto, RegisterDto } from '../../registry/register.dto.js';
import { jsonOf } from '../components.js';
import type { Area, Schema } from '../description.js';
import { schemaOfDto } from '../dto-schema.js';
import {
  CALLBACK_TOKEN,
  CORP_ID,
  CORP_SECRET,
  ENCODING_AES_KEY,
  ENDPOINT,
  OPEN_KF_ID,
} from '../example-values.js';

const kfId = {
  description: 'The customer-service account, as WeCom calls it in `open_kfid`.',
  example: OPEN_KF_ID,
};
const corpId = { description: 'The corp that the account belongs to.', example: CORP_ID };
const endpoint = {
  description: `Where the puppet is reached: a URL with or without a path, without query, fragment or user info, ${ENDPOINT_LENGTH_MAX} characters at most. What \`PUPPET_ENDPOINT_ALLOW\` leaves out is refused, and so are link-local addresses and a cloud's metadata.`,
  example: ENDPOINT,
};

const REGISTRATION = schemaOfDto(RegisterDto, {
  kfId,
  kfName: { description: 'What people call the account.', example: 'Support' },
  endpoint,
  corpId,
  corpSecret: {
    description: 'The secret of the app. It proves a change of hands at WeCom.',
    example: CORP_SECRET,
  },
  token: { description: "Of the app's callback settings: signs callbacks.", example: CALLBACK_TOKEN },
  encodingAESKey: {
    description: "Of the app's callback settings: opens callbacks.",
    example: ENCODING_AES_KEY,
  },
});

const GOODBYE = schemaOfDto(DeregisterDto, {
  kfId,
  corpId,
  endpoint: {
    ...endpoint,
    description: 'Given, the goodbye counts only while the account is still registered at it.',
  },
});

export const ID: Schema = { type: 'string', pattern: ID_FORMAT.pattern.source };

export const PUPPETS: Area = {
  'POST /puppetWxkfManager/register': {
    id: 'registerPuppet',
    tags: ['puppets'],
    summary: 'Register a puppet',
    description:
      "From now on the account's events go to `endpoint`, and those that wait for it are sent at once. Safe to repeat: a puppet does so at each start. A new account is anybody's who may register; a known one is taken over only by its own corp, with the same `corpSecret` or one that WeCom accepts, which is asked within 5 s. Unknown fields are ignored; the body has at most 64 kB.",
    body: { content: { 'application/json': { schema: REGISTRATION } } },
    answers: { 200: { description: 'It is stored, and counts.', content: jsonOf('Success') } },
    errors: [
      'REGISTRY_ACCOUNT_OF_OTHER_CORP',
      'REGISTRY_SECRET_REFUSED',
      'REGISTRY_SECRET_UNVERIFIED',
      'REGISTRY_TOO_MANY_UNPROVEN',
      'REGISTRY_FULL',
      'REGISTRY_CORP_FULL',
      'STORE_UNAVAILABLE',
    ],
  },
  'POST /puppetWxkfManager/deregister': {
    id: 'deregisterPuppet',
    tags: ['puppets'],
    summary: 'Say goodbye',
    description:
      'The account is marked offline; its events are kept until a puppet registers again. Safe to repeat, and harmless for an account that is unknown, of another corp or has moved: the answer is the same.',
    body: { content: { 'application/json': { schema: GOODBYE } } },
    answers: {
      200: { description: 'The account is offline, or was none of this corp.', content: jsonOf('Success') },
    },
    errors: ['STORE_UNAVAILABLE'],
  },
  'GET /puppetWxkfManager/puppetWxkfInfo/:kfId': {
    id: 'getPuppet',
    tags: ['operators'],
    summary: 'Show the registration of an account',
    description: 'Without its secrets. Changes nothing.',
    parameters: [{ name: 'kfId', in: 'path', required: true, ...kfId, schema: { type: 'string' } }],
    answers: { 200: { description: 'The registration.', content: jsonOf('Puppet') } },
    errors: ['REGISTRY_PUPPET_NOT_FOUND', 'REGISTRY_NOT_LOADED', 'STORE_UNAVAILABLE'],
  },
};
