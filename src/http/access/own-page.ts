/**
 * A browser sends its cookies and passwords also with requests that another site's page makes. Such a page
 * cannot read the answer, so only a request that changes something has to prove where it comes from.
 */
import type { FastifyRequest, onRequestHookHandler } from 'fastify';
import { AppError } from '../../kernel/app-error.js';
import { extendRouteConfig } from '../routes/route-config.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    changesSomething?: boolean;
  }
}

/**
 * Sent with the console's own requests. Another site's page may send it only after a preflight request, which is
 * refused.
 */
export const CONSOLE_HEADER = 'x-wxkf-console';

/** Calls of the route count as changes, whatever their method. */
export function ChangesSomething(): MethodDecorator {
  return extendRouteConfig({ changesSomething: true });
}

/** @returns the refusal of a request that may come from a page of another site. */
export function refusalOfForeignPage(request: FastifyRequest): AppError | undefined {
  if (isReading(request)) return undefined;
  const header = headerOfForeignPage(request);
  return header === undefined ? undefined : ofOtherSite(header);
}

function ofOtherSite(header: string): AppError {
  return new AppError('AUTH_CROSS_SITE', { detail: `the header ${header} names another site` });
}

/** Checks a request by session, which has to prove that it comes from the console. */
export function refusalOfSessionUse(request: FastifyRequest): AppError | undefined {
  if (isReading(request) || request.headers[CONSOLE_HEADER] === '1') return refusalOfForeignPage(request);
  return new AppError('AUTH_CROSS_SITE', { detail: `the header ${CONSOLE_HEADER}: 1 is missing` });
}

/**
 * While no role has a secret, any page in a browser that reaches the manager could use it. Other clients send no
 * such headers. This cannot detect a page whose own host name leads to the manager.
 */
export const refuseOtherSites: onRequestHookHandler = (request, _reply, done) => {
  const isReadByOther = isReading(request) && request.headers['sec-fetch-site'] === 'cross-site';
  done(isReadByOther ? ofOtherSite('Sec-Fetch-Site') : refusalOfForeignPage(request));
};

/** For WebSockets. They have no preflight request, so a page of another site could open one and read from it. */
export function refusalOfForeignOrigin(request: FastifyRequest): AppError | undefined {
  const header = headerOfForeignPage(request);
  return header === undefined ? undefined : ofOtherSite(header);
}

/** Whether a request changes nothing. This also decides what an operator of the role `reader` may send. */
export function isReading({ method, routeOptions }: FastifyRequest): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  return routeOptions.config.changesSomething !== true;
}

/** `Sec-Fetch-Site` comes first: `Origin` has to be compared with `Host`, which a proxy may have changed. */
function headerOfForeignPage({ headers, host }: FastifyRequest): string | undefined {
  const { 'sec-fetch-site': site, origin } = headers;
  if (site !== undefined) return site === 'same-origin' ? undefined : 'Sec-Fetch-Site';
  if (origin !== undefined && URL.parse(origin)?.host !== host.toLowerCase()) return 'Origin';
  return undefined;
}

/**
 * Whether a page of another site, or of another host of this site, leads the browser here. Browsers tell it only over https and
 * to loopback addresses.
 */
export function isLedByOtherPage({ headers }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site'];
  return site === 'cross-site' || site === 'same-site';
}

/** Whether a script of a page waits for the answer. If that offered Basic, the browser itself would ask for a password. */
export function isFromScript({ headers }: FastifyRequest): boolean {
  const { 'sec-fetch-site': site, 'sec-fetch-mode': mode, accept } = headers;
  // The mode alone is not enough: Node's own fetch sends one, too.
  const isOfScript = site !== undefined && mode !== 'navigate';
  return isOfScript || CONSOLE_HEADER in headers || accept === 'text/event-stream';
}
