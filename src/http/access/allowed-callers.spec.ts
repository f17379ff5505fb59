import { expect, it } from '@jest/globals';
import { RouteConfig } from '@nestjs/platform-fastify';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import { AllowAnyone, AllowRoles } from './allowed-callers.js';

class SomeController {
  @AllowRoles('puppet', 'gateway')
  @RouteConfig({ other: 1 })
  closed(): void {}

  @AllowAnyone()
  open(): void {}
}

it("a route's statement stands in its config, beside what else is there", () => {
  const { closed, open } = SomeController.prototype;
  expect(Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, closed)).toEqual({
    other: 1,
    allowedCallers: ['puppet', 'gateway'],
  });
  expect(Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, open)).toEqual({ allowedCallers: 'anyone' });
});
