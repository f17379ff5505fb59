import { beforeAll, describe, expect, it } from '@jest/globals';
import { fastify } from 'fastify';
import { RouteTable } from './route-table.js';

describe('the methods of a path', () => {
  const routes = new RouteTable();

  beforeAll(async () => {
    const app = fastify({ exposeHeadRoutes: false });
    routes.watch(app);
    const handler = async (): Promise<string> => 'ok';
    app.get('/callback/:corpId', handler);
    app.post('/callback/:corpId', handler);
    app.post('/callback/decrypted/:corpId', handler);
    app.route({ method: ['GET', 'POST'], url: '/proxy/*', handler });
    app.get('/v1.0/health', handler);
    await app.ready();
  });

  it.each([
    ['/callback/ww1', ['GET', 'POST']],
    ['/callback/ww1?echostr=/x', ['GET', 'POST']],
    ['//callback///ww1', ['GET', 'POST']],
    ['/callback/decrypted/ww1', ['POST']],
    ['/proxy/kf/sync_msg', ['GET', 'POST']],
    ['/v1.0/health', ['GET']],
  ])('are known for %s', (url, methods) => expect(routes.methodsOf(url)).toEqual(methods));

  it.each(['/', '/callback', '/callback/ww1/more', '/v1x0/health', '/V1.0/health', '/x/callback/ww1', ''])(
    'are none where there is no route: "%s"',
    (url) => expect(routes.methodsOf(url)).toEqual([]),
  );
});
