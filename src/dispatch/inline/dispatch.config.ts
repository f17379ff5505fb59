import { defineNamespace } from '../../config/namespace.js';

/** How much may be under way. */
export const dispatchConfig = defineNamespace('dispatch', (config) => ({
  callbacksTriedMax: config.callbacksTriedMax,
  callbacksUnderWayMax: config.callbacksUnderWayMax,
}));
