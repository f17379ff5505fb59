import { defineNamespace } from '../../config/namespace.js';

/** The way to the services of agents. */
export const agentsConfig = defineNamespace('agents', (config) => ({
  httpsProxy: config.httpsProxy,
  httpProxy: config.httpProxy,
  noProxy: config.noProxy,
}));
