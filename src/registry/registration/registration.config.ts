import { defineNamespace } from '../../config/namespace.js';

/** How many accounts may register. */
export const registrationConfig = defineNamespace('registration', ({ accountsMax, accountsPerCorpMax }) => ({
  accountsMax,
  accountsPerCorpMax,
}));
