import { resolve } from 'node:path';
import config from '../../jest.config.js';

/** What the suites take for granted of the browser, of MongoDB and of its stand-in: `npm run test:equipment`, nightly. */
const rootDir = resolve(import.meta.dirname, '../..');
const system = config.projects.find(({ displayName }) => displayName === 'system');

export default {
  ...config,
  rootDir,
  projects: [
    {
      ...system,
      rootDir,
      displayName: 'equipment',
      roots: ['<rootDir>/test/equipment'],
      testPathIgnorePatterns: [],
    },
  ],
};
