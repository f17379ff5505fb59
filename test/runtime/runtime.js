import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { sourceMaps } from './compiled.js';
import { jest, setGlobals } from './globals.js';

const require = createRequire(import.meta.url);
let files = 0;

/**
 * jest's runtime without its virtual machines: modules are Node's own. Each spec file and what it imports of test/ begin
 * anew; what they test and node_modules are loaded once for all spec files of a worker. jest's own loads all of it anew for
 * each, itself included.
 */
export default class Runtime {
  /** jest's own parts; those that keep the state of one spec file begin anew. */
  requireInternalModule(path) {
    delete require.cache[path];
    delete globalThis[Symbol.for('EVENT_HANDLERS')];
    return require(path);
  }

  requireModule(path) {
    return require(path);
  }

  setGlobalsForRuntime(globals) {
    setGlobals(globals);
  }

  unstable_shouldLoadAsEsm() {
    return true;
  }

  unstable_importModule(path) {
    files += 1;
    return import(`${pathToFileURL(path).href}?${files}`);
  }

  teardown() {
    jest.restoreAllMocks();
    jest.useRealTimers();
  }

  getSourceMaps() {
    return sourceMaps;
  }

  getAllCoverageInfoCopy() {
    return undefined;
  }

  enterTestCode() {}

  leaveTestCode() {}
}
