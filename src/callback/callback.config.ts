import { defineNamespace } from '../config/namespace.js';

/** How far the time of a callback may be off, and whether callbacks are counted by corp. */
export const callbackConfig = defineNamespace('callback', (config) => ({
  callbackSkewSMax: config.callbackSkewSMax,
  metricsCorpLabel: config.metricsCorpLabel,
}));
