import { defineNamespace } from '../config/namespace.js';

/** How old a callback may be, and whether callbacks are counted by corp. */
export const callbackConfig = defineNamespace('callback', (config) => ({
  callbackSkewSMax: config.callbackSkewSMax,
  metricsCorpLabel: config.metricsCorpLabel,
}));
