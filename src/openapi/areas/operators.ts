import { jsonOf } from '../components.js';
import type { Area, Parameter } from '../description.js';
import { OPEN_KF_ID } from '../example-values.js';

const openKfId: Parameter = {
  name: 'openKfId',
  in: 'path',
  required: true,
  description: 'The customer-service account.',
  schema: { type: 'string' },
  example: OPEN_KF_ID,
};

export const OPERATORS: Area = {
  'DELETE /api/v1/kf-accounts/:openKfId': {
    id: 'forgetAccount',
    tags: ['operators'],
    summary: 'Forget the registration of an account',
    description:
      'The account is then free for any corp. What waits for it stays kept until a puppet of its corp registers. A second time it is 404.',
    parameters: [openKfId],
    answers: { 200: { description: 'It is forgotten.', content: jsonOf('Success') } },
    errors: [
      'REGISTRY_PUPPET_NOT_FOUND',
      'REGISTRY_NOT_LOADED',
      'REQUEST_BODY_TOO_LARGE',
      'STORE_UNAVAILABLE',
    ],
  },
};
