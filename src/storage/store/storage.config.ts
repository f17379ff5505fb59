import { defineNamespace } from '../../config/namespace.js';

/** Which store, where, and the keys that seal what is secret in it. */
export const storageConfig = defineNamespace('storage', (config) => ({
  mongoUri: config.mongoUri,
  dataDir: config.dataDir,
  secretsKeys: config.secretsKeys,
}));
