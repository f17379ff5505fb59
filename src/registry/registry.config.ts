import { defineNamespace } from '../config/namespace.js';

/** How many accounts may register, at which endpoints, and the apps of WECOM_APPS_FILE. */
export const registryConfig = defineNamespace('registry', (config) => ({
  wecomApps: config.wecomApps,
  puppetEndpointAllow: config.puppetEndpointAllow,
  accountsMax: config.accountsMax,
  accountsPerCorpMax: config.accountsPerCorpMax,
}));
