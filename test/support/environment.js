/**
 * Jest's own, which then kills the processes that a failed test of the spec file left running, so that the run can end. An `afterAll`
 * for all spec files would come before those of the spec file, which stop what they have started.
 */
import { TestEnvironment } from 'jest-environment-node';

export default class Environment extends TestEnvironment {
  async teardown() {
    for (const kill of this.global.leftovers ?? []) kill();
    await super.teardown();
  }
}
