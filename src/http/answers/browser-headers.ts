/**
 * Headers for browsers. They use helmet's core and not its Fastify plugin, which hooks into every route, while
 * no browser reads the answer to a callback. The headers are always the same, so helmet makes them once.
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

/** An answer that is no page needs nothing and belongs in no frame. */
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
 * For an answer whose type somebody else chooses: a page in it belongs to no site, and runs no scripts or forms.
 */
export const SANDBOXED: PagePolicy = { sandbox: [], ...NO_PAGE };

/** For an answer that no route made, or that is read as JSON. */
export const API_HEADERS = headersFor(NO_PAGE);

/** The route answers with a page, or with what a browser may take for one, which may load what the policy says. */
export function Page(pagePolicy: PagePolicy): MethodDecorator {
  return extendRouteConfig({ pagePolicy });
}

/** Nothing is added to what goes well: WeCom and gateways call it, often. */
export function NotForBrowsers(): MethodDecorator {
  return extendRouteConfig({ notForBrowsers: true });
}

/** To be called before any route is added, and after the gate, whose refusals have the headers too. */
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
    // Nobody else may get an answer to a request with credentials.
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
