import { availableParallelism } from 'node:os';

/** Runs on Node's own ES modules, as the product does; @swc/jest only strips the types. */
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 9)) {
  throw new Error(
    `The tests need Node 24.9 or later and this is ${process.versions.node}. ` +
      'Use `npm test`, which runs the Node that `npm ci` installed (its install script must be allowed).',
  );
}

export default {
  testEnvironment: '<rootDir>/test/support/environment.js',
  roots: ['<rootDir>/src', '<rootDir>/test', '<rootDir>/console', '<rootDir>/simulator'],
  testMatch: ['**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  setupFiles: ['reflect-metadata'],
  globalSetup: '<rootDir>/test/support/global-setup.js',
  globalTeardown: '<rootDir>/test/support/global-teardown.js',
  testTimeout: 90_000,
  // By default jest leaves one core idle, which is half of two; the end-to-end tests wait for processes most of the time.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  coverageDirectory: '<rootDir>/coverage',
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
