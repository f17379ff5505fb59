import type { FastifyInstance } from 'fastify';
import { toRequestPath } from '../request/request-path.js';

/** Knows which methods a path takes, for the answer to a wrong method. Fastify itself only says that there is no such route. */
export class RouteTable {
  readonly #routes: { readonly pattern: RegExp; readonly method: string }[] = [];

  /** Call it before any route is added. */
  watch(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', ({ method, url }) => {
      for (const name of [method].flat()) this.#routes.push({ pattern: toPattern(url), method: name });
    });
  }

  methodsOf(url: string): string[] {
    const path = toRequestPath(url);
    const methods = this.#routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
    return [...new Set(methods)].sort();
  }
}

function toPattern(url: string): RegExp {
  const source = url
    .split('/')
    .map((part) => (part.startsWith(':') ? '[^/]+' : part === '*' ? '.*' : RegExp.escape(part)))
    .join('/');
  return new RegExp(`^${source}$`);
}
