import { isOpen } from '../config/config.js';
import { defineNamespace } from '../config/namespace.js';

/** Who may see figures. */
export const healthConfig = defineNamespace('health', (config) => ({ isOpen: isOpen(config) }));
