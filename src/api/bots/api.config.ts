import { defineNamespace } from '../../config/namespace.js';

/** Whether there is a key to seal secrets at rest. Without one, no bot can take messages. */
export const apiConfig = defineNamespace('api', (config) => ({
  hasSecretsKey: config.secretsKeys.length > 0,
}));
