import { isOpen } from '../config/config.js';
import { defineNamespace } from '../config/namespace.js';
import { oidcOf } from '../config/oidc.js';

/** Whether operators must sign in, and by which provider. The secrets of the roles are read only in `src/http`. */
export const consoleConfig = defineNamespace('console', (config) => ({
  isOpen: isOpen(config),
  oidc: oidcOf(config),
}));
