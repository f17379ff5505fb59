import { isOpen } from '../config/config.js';
import { defineNamespace } from '../config/namespace.js';

/** Who may see figures, and the folder whose disk is looked at. */
export const healthConfig = defineNamespace('health', (config) => ({
  isOpen: isOpen(config),
  /** `null` where MongoDB holds everything. */
  dataDir: config.mongoUri === undefined ? config.dataDir : null,
}));
