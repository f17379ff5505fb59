/** Where a person is led whose browser met an error on its way: to a page that says it, instead of JSON. */
import type { FastifyRequest } from 'fastify';
import type { AppError } from '../../kernel/app-error.js';
import { extendRouteConfig } from '../route-config.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    errorPage?: string;
  }
}

/** By which the page knows the error's code. It has words of its own for it, so that no link can put words into it. */
export const ERROR_PARAMETER = 'error';

/** For a route that a browser opens as a page. */
export function ErrorsOnPage(errorPage: string): MethodDecorator {
  return extendRouteConfig({ errorPage });
}

/** @returns `null` where the answer is read by a program. */
export function errorPageFor({ routeOptions, headers }: FastifyRequest, { code }: AppError): string | null {
  const { errorPage } = routeOptions.config;
  if (errorPage === undefined || !headers.accept?.includes('text/html')) return null;
  return `${errorPage}?${ERROR_PARAMETER}=${code}`;
}
