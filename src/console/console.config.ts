import { isOpen, secretsOf } from '../config/config.js';
import { defineNamespace } from '../config/namespace.js';

/** Whether signing in is asked for, and possible; the secrets themselves stay with the HTTP server. */
export const consoleConfig = defineNamespace('console', (config) => ({
  isOpen: isOpen(config),
  hasOperatorSecret: secretsOf(config, 'operator').length > 0,
}));
