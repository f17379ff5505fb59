import { defineNamespace } from '../config/namespace.js';

/** Whether there is a delivery log, and how much of it is kept. */
export const logConfig = defineNamespace('deliveryLog', (config) => ({
  deliveryLogDays: config.deliveryLogDays,
  deliveryLogBytesMax: config.deliveryLogBytesMax,
}));
