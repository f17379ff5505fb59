import { defineNamespace } from '../config/namespace.js';

/** Whether there is a delivery log. */
export const recordConfig = defineNamespace('record', (config) => ({
  deliveryLogDays: config.deliveryLogDays,
}));
