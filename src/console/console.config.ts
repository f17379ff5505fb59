import { isOpen } from '../config/config.js';
import { defineNamespace } from '../config/namespace.js';

/** Whether signing in is asked for; the secrets themselves stay with the HTTP server. */
export const consoleConfig = defineNamespace('console', (config) => ({
  isOpen: isOpen(config),
}));
