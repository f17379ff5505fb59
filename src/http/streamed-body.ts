import { Readable } from 'node:stream';
import type { FastifyInstance, RouteOptions } from 'fastify';
import { extendRouteConfig } from './route-config.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    streamedBody?: boolean;
  }
  interface FastifyRequest {
    /** The body as it comes, on a route that streams; `null` elsewhere, and where the request has none. */
    bodyStream: Readable | null;
  }
}

/** The route reads the body itself, from `request.bodyStream`; only what Content-Length announces is checked. */
export function StreamedBody(): MethodDecorator {
  return extendRouteConfig({ streamedBody: true });
}

/** To be called before any route is added. @param bodyBytesMax a longer Content-Length is answered 413. */
export function streamBodies(fastify: FastifyInstance, bodyBytesMax: number): void {
  fastify.decorateRequest('bodyStream', null);
  fastify.addHook('onRoute', (route) => {
    if (route.config?.streamedBody === true) streamBodyOf(route, bodyBytesMax);
  });
}

/** Fastify's parser is given an empty body in place of the real one, and the length that it expects. */
function streamBodyOf(route: RouteOptions, bodyBytesMax: number): void {
  route.bodyLimit = bodyBytesMax;
  route.preParsing = (request, _reply, payload, done) => {
    request.bodyStream = payload as Readable;
    const receivedEncodedLength = Number(request.headers['content-length'] ?? 0);
    done(null, Object.assign(Readable.from([]), { receivedEncodedLength }));
  };
}
