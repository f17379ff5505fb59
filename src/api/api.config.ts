import { defineNamespace } from '../config/namespace.js';

/** Whether what is stored can be sealed, without which no bot takes messages; and how long the delivery log is kept. */
export const apiConfig = defineNamespace('api', (config) => ({
  hasSecretsKey: config.secretsKeys.length > 0,
  deliveryLogDays: config.deliveryLogDays,
}));
