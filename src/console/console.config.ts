import { isOpen } from '../config/config.js';
import { defineNamespace } from '../config/namespace.js';
import { oidcOf } from '../config/oidc.js';

/**
 * Whether operators must sign in, by which provider, and whether messages can be sealed. The secrets of the roles are read only in
 * `src/http`.
 */
export const consoleConfig = defineNamespace('console', (config) => ({
  isOpen: isOpen(config),
  oidc: oidcOf(config),
  hasSecretsKey: config.secretsKeys.length > 0,
}));
