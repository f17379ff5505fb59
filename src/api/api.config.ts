import { defineNamespace } from '../config/namespace.js';

/** Whether what is stored can be sealed, without which no bot takes messages. */
export const apiConfig = defineNamespace('api', (config) => ({
  hasSecretsKey: config.secretsKeys.length > 0,
}));
