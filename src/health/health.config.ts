import { isOpen } from '../config/config.js';
import { defineNamespace } from '../config/namespace.js';

/** Whether anyone may see figures and reasons, since no role has a secret. */
export const healthConfig = defineNamespace('health', (config) => ({ isOpen: isOpen(config) }));
