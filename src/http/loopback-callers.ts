/**
 * While nobody is asked for credentials, a manager that listens on loopback alone is protected by that alone, and
 * any page in a browser of that machine can send requests there: by a form, or by a name of its own that it lets
 * point to 127.0.0.1. Both give themselves away, by Origin and by Host.
 */
import type { onRequestHookHandler } from 'fastify';
import { AppError } from '../kernel/app-error.js';
import { isLoopbackName } from './address.js';

/** What containers call the machine that they run on; `.internal` is nobody's, so no page can be from there. */
const MACHINE_OF_CONTAINERS = /^host\.(docker|containers)\.internal$/i;

/** For a route that asks for a role once there are roles; the others may be forwarded from outside. */
export const refuseForeignPages: onRequestHookHandler = (request, _reply, done) => {
  const { host, origin } = request.raw.headers;
  if (host !== undefined && !isHere(host.replace(/:\d*$/, ''))) return done(foreign('Host'));
  if (origin !== undefined && !isHere(hostnameOf(origin))) return done(foreign('Origin'));
  return done();
};

function isHere(name: string): boolean {
  return isLoopbackName(name) || MACHINE_OF_CONTAINERS.test(name);
}

function foreign(header: string): AppError {
  return new AppError('AUTH_HOST_FOREIGN', { detail: `the header ${header} names another host` });
}

/** `''` for `null` and the like, which a page has that hides where it is from. */
function hostnameOf(origin: string): string {
  return URL.parse(origin)?.hostname ?? '';
}
