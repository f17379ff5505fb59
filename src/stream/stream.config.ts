import { defineNamespace } from '../config/namespace.js';

/** Where other replicas reach this one. */
export const streamConfig = defineNamespace('stream', (config) => ({
  host: config.host,
  replicaUrl: config.replicaUrl,
}));
