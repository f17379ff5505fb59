import { SetMetadata } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyContextConfig } from 'fastify';

const ROUTE_CONFIG = Symbol('ROUTE_CONFIG');

/** The config of a route, as far as the decorators of its handler have run. */
export function routeConfigOf(handler: object): FastifyContextConfig | undefined {
  return Reflect.getMetadata(ROUTE_CONFIG, handler);
}

/** Adds to the route's config, and keeps what the decorators below it added. Nest's own decorator would replace that. */
export function extendRouteConfig(part: FastifyContextConfig): MethodDecorator {
  return (target, name, descriptor) => {
    const config = { ...routeConfigOf(descriptor.value as object), ...part };
    SetMetadata(ROUTE_CONFIG, config)(target, name, descriptor);
    RouteConfig(config)(target, name, descriptor);
  };
}
