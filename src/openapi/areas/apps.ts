import { NewAppDto } from '../../registry/apps/new-app.dto.js';
import { jsonOf } from '../components.js';
import type { Area } from '../description.js';
import { schemaOfDto } from '../dto-schema.js';
import { CORP_ID } from '../example-values.js';

export const APPS: Area = {
  'GET /api/v1/apps': {
    id: 'listApps',
    tags: ['operators'],
    summary: 'List the apps',
    description:
      'Those that were added here and those of `WECOM_APPS_FILE`, all on one page, without their secrets.',
    answers: { 200: { description: 'The apps.', content: jsonOf('AppPage') } },
    errors: [],
  },
  'POST /api/v1/apps': {
    id: 'addApp',
    tags: ['operators'],
    summary: 'Add an app',
    description:
      'Its callback credentials count at once, so that WeCom can verify the callback URL before any puppet registers. Token and key are shown in this answer alone. Left out, they are made, and each repetition makes a further app; given, a second time is 409. At most 1,000 apps are kept.',
    body: {
      content: {
        'application/json': {
          schema: schemaOfDto(NewAppDto, {
            corpId: { description: 'The corp.', example: CORP_ID },
            name: { description: 'For people.', example: 'Support' },
            token: { description: 'The callback token; made where it is left out.' },
            encodingAESKey: { description: 'The key of callbacks; made where it is left out.' },
            receiveIds: {
              description:
                'Receivers that its events may be sealed for besides the corp: a suite, a provider, or an empty text.',
            },
          }),
        },
      },
    },
    answers: { 200: { description: 'The app, with its secrets.', content: jsonOf('AppCreated') } },
    errors: ['APP_EXISTS', 'APPS_FULL', 'REGISTRY_NOT_LOADED', 'STORE_UNAVAILABLE'],
  },
  'DELETE /api/v1/apps/:id': {
    id: 'deleteApp',
    tags: ['operators'],
    summary: 'Delete an app',
    description:
      'Callbacks that only its keys open are refused from then on. One of `WECOM_APPS_FILE` is 409. A second time it is 404.',
    parameters: [
      {
        name: 'id',
        in: 'path',
        required: true,
        description: 'As the list has it.',
        schema: { type: 'string' },
        example: 'a1b2c3d4e5f6',
      },
    ],
    answers: { 200: { description: 'It is deleted.', content: jsonOf('Success') } },
    errors: [
      'APP_NOT_FOUND',
      'APP_READ_ONLY',
      'REQUEST_BODY_TOO_LARGE',
      'REGISTRY_NOT_LOADED',
      'STORE_UNAVAILABLE',
    ],
  },
};
