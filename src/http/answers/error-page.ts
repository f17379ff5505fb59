/** Where a person is led whose browser met an error on its way: to a page that says it, instead of JSON. */
import type { FastifyRequest } from 'fastify';
import type { AppError } from '../../kernel/app-error.js';
import { extendRouteConfig } from '../route-config.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    errorPage?: string;
  }
}

/**
 * For a route that a browser opens as a page.
 * @param errorPage to which the error's code is appended. The page has words of its own for it, so that no link can put words
 * into it.
 */
export function ErrorsOnPage(errorPage: string): MethodDecorator {
  return extendRouteConfig({ errorPage });
}

/** @returns `null` where the answer is read by a program. */
export function errorPageFor({ routeOptions, headers }: FastifyRequest, { code }: AppError): string | null {
  const { errorPage } = routeOptions.config;
  if (errorPage === undefined || !headers.accept?.includes('text/html')) return null;
  return errorPage + code;
}
