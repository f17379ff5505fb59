import type { Area } from '../description.js';

export const DOCUMENTS: Area = {
  'GET /docs-json': {
    id: 'getDocument',
    tags: ['documents'],
    summary: 'This document',
    description: 'OpenAPI 3.1, as the build wrote it; there is none where it was not built.',
    answers: {
      200: {
        description: 'The document.',
        content: {
          'application/json': {
            schema: {
              type: 'object',
              required: ['openapi', 'info', 'paths'],
              properties: {
                openapi: { type: 'string' },
                info: { type: 'object' },
                paths: { type: 'object' },
              },
            },
            example: { openapi: '3.1.0', info: { title: 'WXKF-Manager', version: '2.0.0' }, paths: {} },
          },
        },
      },
    },
    errors: ['ROUTE_NOT_FOUND'],
  },
  'GET /docs': {
    id: 'getDocumentPage',
    tags: ['documents'],
    summary: 'This document as a page',
    description: 'Swagger UI, which loads nothing from anywhere else.',
    answers: {
      200: {
        description: 'The page.',
        content: { 'text/html': { schema: { type: 'string' }, example: '<!doctype html>' } },
      },
    },
    errors: [],
  },
  'GET /docs/*': {
    id: 'getDocumentAsset',
    tags: ['documents'],
    summary: 'A file of that page',
    description: 'Its scripts and styles.',
    parameters: [
      {
        name: 'path',
        in: 'path',
        required: true,
        description: 'The name of the file.',
        schema: { type: 'string' },
        example: 'swagger-ui.css',
      },
    ],
    answers: {
      200: {
        description: 'The file.',
        content: { '*/*': { schema: { type: 'string' } } },
      },
    },
    errors: ['ROUTE_NOT_FOUND'],
  },
};
