import { defineNamespace } from '../config/namespace.js';

/** Which store, where, the keys that seal what is secret in it, and how much of the delivery log it keeps. */
export const storageConfig = defineNamespace('storage', (config) => ({
  mongoUri: config.mongoUri,
  dataDir: config.dataDir,
  secretsKeys: config.secretsKeys,
  deliveryLogDays: config.deliveryLogDays,
  deliveryLogBytesMax: config.deliveryLogBytesMax,
}));
