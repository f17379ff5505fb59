import { jsonOf } from '../components.js';
import type { Area } from '../description.js';

export const MONITORING: Area = {
  'GET /health/live': {
    id: 'isAlive',
    tags: ['monitoring'],
    summary: 'Whether the process turns over',
    description:
      'It is 200, or there is no answer. Nothing else is asked, so that no outage of a database ends a process.',
    answers: { 200: { description: 'It does.', content: jsonOf('Health') } },
    errors: [],
  },
  'GET /health/ready': {
    id: 'isReady',
    tags: ['monitoring'],
    summary: 'Whether it can take callbacks',
    description:
      'A database outage later does not change that: healthy puppets are still served. For load balancers and Kubernetes.',
    answers: {
      200: { description: 'It can.', content: jsonOf('Health') },
      503: { description: 'The registry was never loaded, or it is draining.', content: jsonOf('Health') },
    },
    errors: [],
  },
  'GET /health': {
    id: 'getHealth',
    tags: ['monitoring'],
    summary: 'How each part of it is',
    description:
      'Asks the store, and the disk of the embedded one. For people; a probe asks one of the others. Once a role has a secret, only who sends that of an operator is told figures and reasons; others are told of each part whether it is up or down. The store is asked every 5 s at most, so that what is told of it, and of what waits, may be so old.',
    answers: {
      200: { description: 'All parts are up.', content: jsonOf('Health') },
      503: { description: 'One is down, and says why to an operator.', content: jsonOf('Health') },
    },
    errors: [],
  },
  'GET /metrics': {
    id: 'getMetrics',
    tags: ['monitoring'],
    summary: 'What Prometheus scrapes',
    description:
      'In the text format of Prometheus. Asks no service that could be down for long; what cannot be known then is left out.',
    answers: {
      200: {
        description: 'All metrics.',
        content: {
          'text/plain': {
            schema: { type: 'string' },
            example:
              '# TYPE wxkf_callbacks_total counter\nwxkf_callbacks_total{form="encrypted",outcome="delivered"} 3\n',
          },
        },
      },
    },
    errors: [],
  },
};
