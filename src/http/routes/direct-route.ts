import type { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, RouteHandlerMethod } from 'fastify';

/**
 * Makes Fastify call the handler of a controller's route itself. Nest's layers around a handler take a twelfth of a callback's
 * time (`npm run bench -w lab -- --before`, docs/internals/adr/0014). Here they would run nothing: the route has no
 * pipe, guard or interceptor. Errors go to the same filter. Call it in the controller's constructor, since Nest adds its routes
 * before it calls `onModuleInit`. If there is no such route, the server does not start.
 */
export function callDirectly(
  { httpAdapter }: HttpAdapterHost,
  method: string,
  url: string,
  handler: RouteHandlerMethod,
): void {
  const fastify = httpAdapter.getInstance<FastifyInstance>();
  let isCalledDirectly = false;
  fastify.addHook('onRoute', (route) => {
    if (route.method !== method || route.url !== url) return;
    route.handler = handler;
    isCalledDirectly = true;
  });
  fastify.addHook('onReady', async () => {
    if (!isCalledDirectly) throw new Error(`no controller has added the route ${method} ${url}`);
  });
}
