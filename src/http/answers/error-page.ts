/** Leads a browser that met an error to a page that explains the error, instead of answering JSON. */
import type { FastifyRequest } from 'fastify';
import type { AppError } from '../../kernel/app-error.js';
import { extendRouteConfig } from '../routes/route-config.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    errorPage?: { readonly first: string; readonly parameter: string };
  }
  interface FastifyRequest {
    /** The page that shows errors of this request, as path and query. Left out: the route's first page. */
    pageAskedFor?: string;
  }
}

/**
 * For a route that a browser opens as a page.
 * @param first the page that shows errors, unless the request has a `pageAskedFor`.
 * @param parameter the query parameter with the error's code. The page has a text of its own for each code, so a link cannot
 *   put other text into the page.
 */
export function ErrorsOnPage(first: string, parameter: string): MethodDecorator {
  return extendRouteConfig({ errorPage: { first, parameter } });
}

/** @returns the page with the error, as path and query; `null` when a program reads the answer. */
export function errorPageFor(request: FastifyRequest, { code }: AppError): string | null {
  const { routeOptions, headers, pageAskedFor } = request;
  const { errorPage } = routeOptions.config;
  if (errorPage === undefined || !headers.accept?.includes('text/html')) return null;
  const page = pageAskedFor ?? errorPage.first;
  return `${page}${page.includes('?') ? '&' : '?'}${errorPage.parameter}=${code}`;
}
