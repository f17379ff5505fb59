/**
 * While no role has a secret, any page in a browser that reaches the manager can send requests there: by a form,
 * or by a name of its own that it lets point to the manager (DNS rebinding). `Origin` shows the first, `Host`
 * the second. Any address is allowed as `Host`, since an address cannot be rebound. Names such as
 * `host.docker.internal` are not allowed: whoever controls the network's DNS can let them point anywhere.
 */
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { onRequestHookHandler } from 'fastify';
import type { AllowedHosts } from '../../config/allowed-hosts.js';
import { isLoopbackHost, parseHostName, toPlainHost } from '../../config/host-name.js';
import { AppError } from '../../kernel/app-error.js';

/** Limit of what an error shows of a header. */
const SHOWN_LENGTH_MAX = 100;

/** For routes that require a role once a role has a secret. Other routes may be forwarded from outside under any name. */
export function refuseForeignHosts(allowed: AllowedHosts | undefined): onRequestHookHandler {
  const names = namesOfMachine();
  const isOurs = (name: string): boolean =>
    isLoopbackHost(name) || names.includes(name) || allowed?.has(name) === true;
  return (request, _reply, done) => {
    const { host, origin } = request.raw.headers;
    const called = host === undefined ? undefined : toPlainHost(host.replace(/:\d*$/, ''));
    if (called !== undefined && isIP(called) === 0 && !isOurs(called)) return done(foreign('Host', host));
    if (origin === undefined) return done();
    // Another host's address may serve pages too, so the origin must be the address that was called.
    const from = toPlainHost(hostnameOf(origin));
    return done(from === called || isOurs(from) ? undefined : foreign('Origin', origin));
  };
}

/** The machine's name with and without its domain, which the system may include. */
function namesOfMachine(): string[] {
  const name = parseHostName(hostname());
  return name === null ? [] : [name, name.replace(/\..*/, '')];
}

function foreign(header: string, value = ''): AppError {
  return new AppError('AUTH_HOST_FOREIGN', {
    detail: `the header ${header} is ${value.slice(0, SHOWN_LENGTH_MAX)}`,
  });
}

/** @returns `''` for an origin without a host, such as `null`, which a page sends to hide its origin. */
function hostnameOf(origin: string): string {
  return URL.parse(origin)?.hostname ?? '';
}
