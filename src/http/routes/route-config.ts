import { SetMetadata } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyContextConfig } from 'fastify';

const ROUTE_CONFIG = Symbol('ROUTE_CONFIG');

/** What the decorators of a handler put into its route's config, so far. */
export function routeConfigOf(handler: object): FastifyContextConfig | undefined {
  return Reflect.getMetadata(ROUTE_CONFIG, handler);
}

/** Adds to what other decorators below put into the route's config; Nest's own one would replace it. */
export function extendRouteConfig(part: FastifyContextConfig): MethodDecorator {
  return (target, name, descriptor) => {
    const config = { ...routeConfigOf(descriptor.value as object), ...part };
    SetMetadata(ROUTE_CONFIG, config)(target, name, descriptor);
    RouteConfig(config)(target, name, descriptor);
  };
}
