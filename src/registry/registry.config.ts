import { defineNamespace } from '../config/namespace.js';

/** How many may register, with which endpoints, and the apps that are known before anybody does. */
export const registryConfig = defineNamespace('registry', (config) => ({
  wecomApps: config.wecomApps,
  puppetEndpointAllow: config.puppetEndpointAllow,
  accountsMax: config.accountsMax,
  accountsPerCorpMax: config.accountsPerCorpMax,
}));
