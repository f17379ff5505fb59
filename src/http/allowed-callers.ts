/**
 * Each route states who may call it; `gate.ts` holds callers to that and lets no route in that states
 * nothing. A route that is not Nest's states it in Fastify's own `config`.
 */
import { RouteConfig } from '@nestjs/platform-fastify';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import type { Role } from '../kernel/role.js';

export type AllowedCallers = 'anyone' | readonly [Role, ...Role[]];

declare module 'fastify' {
  interface FastifyContextConfig {
    allowedCallers?: AllowedCallers;
  }
}

/** Callers with credentials of one of these roles, where there are credentials at all. */
export function AllowRoles(...roles: [Role, ...Role[]]): MethodDecorator {
  return allow(roles);
}

/** Credentials are neither asked for nor judged, and `request.role` stays `null`. */
export function AllowAnyone(): MethodDecorator {
  return allow('anyone');
}

/** Beside what other decorators below it put into the route's config. */
function allow(allowedCallers: AllowedCallers): MethodDecorator {
  return (target, name, descriptor) => {
    const others = Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, descriptor.value as object);
    RouteConfig({ ...others, allowedCallers })(target, name, descriptor);
  };
}
