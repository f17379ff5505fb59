import { configurationPage } from './configuration-page.js';
import { errorsPage } from './errors-page.js';

/** The pages that are never written by hand, by their paths. */
export const GENERATED_DOCS: Readonly<Record<string, () => string>> = {
  'docs/reference/configuration.md': configurationPage,
  'docs/reference/errors.md': errorsPage,
};
