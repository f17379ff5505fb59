/** `engines` of package.json. An older Node than 24.9 fails in every spec file, with a message that hides why. */
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 15)) {
  throw new Error(
    `The tests need Node 24.15 or later and this is ${process.versions.node}. ` +
      'Use `npm test`, which runs the Node that `npm ci` has installed, or install that one.',
  );
}

/** As tsconfig.json has it; swc only strips the types. */
const swc = {
  swcrc: false,
  module: { type: 'es6' },
  jsc: {
    target: 'es2024',
    keepClassNames: true,
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
  },
};

const project = {
  injectGlobals: false,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': ['@swc/jest', swc] },
  // TypeScript's imports name the file that it would write.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  setupFiles: ['reflect-metadata'],
};

/** Starts the built manager, and has a database where it needs one. */
const started = {
  ...project,
  roots: ['<rootDir>/test'],
  testEnvironment: '<rootDir>/test/support/environment.js',
  globalSetup: '<rootDir>/test/support/global-setup.js',
  globalTeardown: '<rootDir>/test/support/global-teardown.js',
};

/** What lies beside the source, and the ports in memory: needs no build, no process and no database. */
const UNIT = ['src/**/*', 'packages/**/*', 'test/contracts/in-memory'];
/** Pages, deployment, what takes long, and the tests of what is in lab. */
const LONG = ['browser', 'deploy', 'long', 'faults', 'fuzz'];

export default {
  projects: [
    {
      ...project,
      displayName: 'unit',
      roots: ['<rootDir>/src', '<rootDir>/packages', '<rootDir>/test/contracts'],
      testMatch: UNIT.map((path) => `<rootDir>/${path}.spec.ts`),
    },
    {
      ...started,
      displayName: 'system',
      testMatch: ['**/*.spec.ts'],
      testPathIgnorePatterns: [
        '/in-memory\\.spec\\.ts$',
        ...['equipment', ...LONG].map((folder) => `<rootDir>/test/${folder}/`),
      ],
    },
    {
      ...started,
      displayName: 'long',
      testMatch: LONG.map((folder) => `<rootDir>/test/${folder}/**/*.spec.ts`),
    },
    // Asks the browser, MongoDB and its stand-in whether they are as the other tests take for granted.
    {
      ...started,
      displayName: 'equipment',
      testMatch: ['<rootDir>/test/equipment/**/*.spec.ts'],
    },
  ],
  // All cores; an option of the command line counts instead.
  maxWorkers: '100%',
  testTimeout: 90_000,
  // Node keeps some of what each spec file has loaded, so a worker grows; one that has grown so large is started anew.
  workerIdleMemoryLimit: '1GB',
  collectCoverageFrom: ['src/**/*.ts', '!src/**/*.spec.ts'],
  coverageDirectory: 'coverage',
};
