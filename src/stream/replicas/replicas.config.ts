import { defineNamespace } from '../../config/namespace.js';

/** Where other replicas reach this one. */
export const replicasConfig = defineNamespace('replicas', (config) => ({
  host: config.host,
  replicaUrl: config.replicaUrl,
}));
