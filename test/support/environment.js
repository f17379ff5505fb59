import { TestEnvironment } from 'jest-environment-node';

/** Ends, after a spec file, the processes that a failed test of it left running, so that the run can end. */
export default class Environment extends TestEnvironment {
  async teardown() {
    for (const kill of this.global.leftovers ?? []) kill();
    await super.teardown();
  }
}
