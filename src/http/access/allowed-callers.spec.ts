import { expect, it } from '@jest/globals';
import { AllowAnyone, AllowRoles } from './allowed-callers.js';
import { extendRouteConfig, routeConfigOf } from '../routes/route-config.js';

class SomeController {
  @AllowRoles('puppet', 'gateway')
  @extendRouteConfig({ isAudited: true })
  closed(): void {}

  @AllowAnyone()
  open(): void {}
}

it("a route's statement stands in its config, beside what else is there", () => {
  const { closed, open } = SomeController.prototype;
  expect(routeConfigOf(closed)).toEqual({
    isAudited: true,
    allowedCallers: ['puppet', 'gateway'],
  });
  expect(routeConfigOf(open)).toEqual({ allowedCallers: 'anyone' });
});
