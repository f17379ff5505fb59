import { defineNamespace } from '../config/namespace.js';

/** Which store it is, for the label of what runs. */
export const metricsConfig = defineNamespace('metrics', (config) => ({
  storage: config.mongoUri === undefined ? 'embedded' : 'mongodb',
}));
