/**
 * Headers for browsers, made by helmet. Helmet's Fastify plugin is not used: it hooks into every route, and no browser reads
 * the answer to a callback. The headers of a route never change, so helmet makes them once.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance, onRequestHookHandler, RouteOptions } from 'fastify';
import helmet from 'helmet';
import { extendRouteConfig } from '../routes/route-config.js';

/** What a page may load, by directive. Each policy states all its directives, `default-src` included. */
export type PagePolicy = Readonly<Record<string, readonly string[]>>;

declare module 'fastify' {
  interface FastifyContextConfig {
    pagePolicy?: PagePolicy;
    notForBrowsers?: boolean;
  }
}

type Headers = Readonly<Record<string, string>>;

/** For an answer that is not a page: it loads nothing, and no frame may show it. */
const NO_PAGE: PagePolicy = { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] };

/** For a page that loads everything from the manager and has no inline scripts or styles. */
export const OWN_FILES_ONLY: PagePolicy = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
  'font-src': ["'self'"],
  'form-action': ["'self'"],
  'frame-ancestors': ["'none'"],
  'base-uri': ["'none'"],
};

/**
 * For an answer whose content type somebody else chooses. If it is a page, it belongs to no site and runs no scripts or forms.
 */
export const SANDBOXED: PagePolicy = { sandbox: [], ...NO_PAGE };

/** For an answer that no route made, or that is read as JSON. */
export const API_HEADERS = headersFor(NO_PAGE);

/** For a route whose answer is a page, or may look like a page to a browser. The policy says what the page may load. */
export function Page(pagePolicy: PagePolicy): MethodDecorator {
  return extendRouteConfig({ pagePolicy });
}

/** Successful answers get no headers for browsers: WeCom and gateways call the route, and they call it often. */
export function NotForBrowsers(): MethodDecorator {
  return extendRouteConfig({ notForBrowsers: true });
}

/** Call it before any route is added, and after the gate: the gate's refusals get these headers too. */
export function addBrowserHeaders(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route) => {
    const headers = headersOf(route);
    if (Object.keys(headers).length === 0) return;
    const tell: onRequestHookHandler = (_request, reply, done) => {
      reply.headers(headers);
      done();
    };
    route.onRequest = [tell, route.onRequest ?? []].flat();
  });
}

function headersOf({ config = {} }: RouteOptions): Headers {
  const { allowedCallers, pagePolicy, notForBrowsers } = config;
  return {
    ...(notForBrowsers !== true && (pagePolicy === undefined ? API_HEADERS : headersFor(pagePolicy))),
    // A cache must not give the answer to a request with credentials to anybody else.
    ...(allowedCallers !== 'anyone' && { 'cache-control': 'no-store' }),
  };
}

function headersFor(policy: PagePolicy): Headers {
  const headers: Record<string, string> = {};
  const tell = helmet({
    contentSecurityPolicy: { useDefaults: false, directives: policy as Record<string, string[]> },
    frameguard: { action: 'deny' },
    // The manager does not know what else this host name serves.
    strictTransportSecurity: { includeSubDomains: false },
  });
  const recorder = {
    setHeader: (name: string, value: string) => {
      headers[name.toLowerCase()] = value;
    },
    removeHeader: () => {},
  };
  tell({} as IncomingMessage, recorder as unknown as ServerResponse, (error) => {
    if (error) throw error;
  });
  return Object.freeze(headers);
}
