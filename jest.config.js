import { availableParallelism } from 'node:os';
import { WORKERS_PER_CORE } from './test/runtime/sequencer.js';

/** Runs on Node's own ES modules, as the product does, without jest's virtual machines: see test/runtime. */
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 9)) {
  throw new Error(
    `The tests need Node 24.9 or later and this is ${process.versions.node}. ` +
      'Use `npm test`, which runs the Node that `npm ci` has installed, or install that one.',
  );
}

const project = {
  injectGlobals: false,
  // By which jest knows what a change concerns.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  runtime: '<rootDir>/test/runtime/runtime.js',
  testEnvironment: '<rootDir>/test/runtime/environment.js',
  // test/runtime/register.js compiles.
  transform: {},
};

/** What lies beside the source, and the ports in memory: needs no build, no process and no database. */
const UNIT = ['src/**/*', 'packages/**/*', 'test/contracts/in-memory'];

export default {
  projects: [
    {
      ...project,
      displayName: 'unit',
      roots: ['<rootDir>/src', '<rootDir>/packages', '<rootDir>/test/contracts'],
      testMatch: UNIT.map((path) => `<rootDir>/${path}.spec.ts`),
    },
    {
      ...project,
      displayName: 'system',
      roots: ['<rootDir>/test'],
      testMatch: ['**/*.spec.ts'],
      testPathIgnorePatterns: ['<rootDir>/test/equipment/', '/in-memory\\.spec\\.ts$'],
      globalSetup: '<rootDir>/test/support/global-setup.js',
      globalTeardown: '<rootDir>/test/support/global-teardown.js',
    },
  ],
  testTimeout: 90_000,
  // Those of the system mostly wait for processes, and need more than a worker for each core.
  maxWorkers: availableParallelism() * WORKERS_PER_CORE,
  testSequencer: '<rootDir>/test/runtime/sequencer.js',
  // Node keeps what each spec file has loaded. A worker with more than that collects garbage slowly, and ends so late that
  // jest calls it leaking.
  workerIdleMemoryLimit: '500MB',
};
