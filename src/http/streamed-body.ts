import { Readable } from 'node:stream';
import type { FastifyInstance, RouteOptions } from 'fastify';
import { extendRouteConfig } from './route-config.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    streamedBody?: boolean;
  }
  interface FastifyRequest {
    /** The body as it comes, on a route that streams; `null` where it is short and so in `body`, or not there. */
    bodyStream: Readable | null;
  }
}

/** A body of no more than this is read whole on every route: it costs less than to stream it. */
export const WHOLE_BODY_BYTES_MAX = 65_536;

/** The route reads long bodies itself, from `request.bodyStream`; only what Content-Length announces is checked. */
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

/** Fastify's parser is given an empty body in place of a long one, and the length that it expects. */
function streamBodyOf(route: RouteOptions, bodyBytesMax: number): void {
  route.bodyLimit = bodyBytesMax;
  route.preParsing = (request, _reply, payload, done) => {
    const { 'content-length': length } = request.headers;
    if (length !== undefined && Number(length) <= WHOLE_BODY_BYTES_MAX) {
      done(null, payload);
      return;
    }
    request.bodyStream = payload as Readable;
    const receivedEncodedLength = Number(length ?? 0);
    done(null, Object.assign(Readable.from([]), { receivedEncodedLength }));
  };
}
