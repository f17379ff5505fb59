import { isOpen } from '../config/config.js';
import { defineNamespace } from '../config/namespace.js';
import { oidcOf } from '../config/oidc.js';

/** Whether signing in is asked for, and by which provider; the secrets of roles stay with the HTTP server. */
export const consoleConfig = defineNamespace('console', (config) => ({
  isOpen: isOpen(config),
  oidc: oidcOf(config),
}));
