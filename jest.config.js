import { availableParallelism } from 'node:os';
import { mapDependencies } from './test/support/dependencies.js';

/** Runs on Node's own ES modules, as the product does; @swc/jest only strips the types. */
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 9)) {
  throw new Error(
    `The tests need Node 24.9 or later and this is ${process.versions.node}. ` +
      'Use `npm test`, which runs the Node that `npm ci` has installed, or install that one.',
  );
}

const project = {
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    ...(await mapDependencies(import.meta.dirname)),
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  setupFiles: ['reflect-metadata'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        module: { type: 'es6' },
        jsc: {
          target: 'es2024',
          keepClassNames: true,
          parser: { syntax: 'typescript', decorators: true },
          transform: {
            legacyDecorator: true,
            decoratorMetadata: true,
            useDefineForClassFields: false,
          },
        },
      },
    ],
  },
};

/** What lies beside the source, and the ports in memory: needs no build, no process and no database. */
const UNIT = ['src/**/*', 'console/**/*', 'simulator/**/*', 'test/contracts/in-memory'];

export default {
  projects: [
    {
      ...project,
      displayName: 'unit',
      roots: ['<rootDir>/src', '<rootDir>/console', '<rootDir>/simulator', '<rootDir>/test/contracts'],
      testMatch: UNIT.map((path) => `<rootDir>/${path}.spec.ts`),
    },
    {
      ...project,
      displayName: 'system',
      roots: ['<rootDir>/test'],
      testMatch: ['**/*.spec.ts'],
      testPathIgnorePatterns: ['<rootDir>/test/equipment/', '/in-memory\\.spec\\.ts$'],
      testEnvironment: '<rootDir>/test/support/environment.js',
      globalSetup: '<rootDir>/test/support/global-setup.js',
      globalTeardown: '<rootDir>/test/support/global-teardown.js',
    },
  ],
  testTimeout: 90_000,
  // Those of the system wait for processes half of the time, and need more than a worker for each core.
  maxWorkers: availableParallelism() * 2,
  // Node keeps what each spec file has loaded. A worker with more than that collects garbage slowly, and ends so late that
  // jest calls it leaking.
  workerIdleMemoryLimit: '500MB',
  coverageDirectory: '<rootDir>/coverage',
};
