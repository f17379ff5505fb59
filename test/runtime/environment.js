/**
 * The process itself, see runtime.js. Ends, after a spec file, the processes that a failed test of it left running, so that
 * the run can end.
 */
export default class Environment {
  #console = globalThis.console;

  /** jest puts its console here. */
  global = {};

  async setup() {
    globalThis.console = this.global.console;
  }

  async teardown() {
    for (const kill of globalThis.leftovers ?? []) kill();
    delete globalThis.leftovers;
    globalThis.console = this.#console;
  }

  getVmContext() {
    return null;
  }

  exportConditions() {
    return ['node', 'node-addons'];
  }
}
