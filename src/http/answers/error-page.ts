/** Where a person is led whose browser met an error on its way: to a page that says it, instead of JSON. */
import type { FastifyRequest } from 'fastify';
import type { AppError } from '../../kernel/app-error.js';
import { extendRouteConfig } from '../routes/route-config.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    errorPage?: { readonly first: string; readonly parameter: string };
  }
  interface FastifyRequest {
    /** Where errors are shown instead of the route's first page, as path and query. A route sets it that knows it. */
    pageAskedFor?: string;
  }
}

/**
 * For a route that a browser opens as a page.
 * @param first the page, where the route knows of no other.
 * @param parameter of its query, with the error's code. The page has words of its own for it, so that no link can put words
 * into it.
 */
export function ErrorsOnPage(first: string, parameter: string): MethodDecorator {
  return extendRouteConfig({ errorPage: { first, parameter } });
}

/** @returns `null` where the answer is read by a program. */
export function errorPageFor(request: FastifyRequest, { code }: AppError): string | null {
  const { routeOptions, headers, pageAskedFor } = request;
  const { errorPage } = routeOptions.config;
  if (errorPage === undefined || !headers.accept?.includes('text/html')) return null;
  const page = pageAskedFor ?? errorPage.first;
  return `${page}${page.includes('?') ? '&' : '?'}${errorPage.parameter}=${code}`;
}
