import { CHINESE_CONFIGURATION } from './chinese-configuration.js';
import { CHINESE_ERRORS } from './chinese-errors.js';
import { configurationPage, ENGLISH_CONFIGURATION } from './configuration-page.js';
import { ENGLISH_ERRORS, errorsPage } from './errors-page.js';

/** The pages that are never written by hand, by their paths. */
export const GENERATED_DOCS: Readonly<Record<string, () => string>> = {
  'docs/reference/configuration.md': () => configurationPage(ENGLISH_CONFIGURATION),
  'docs/zh/reference/configuration.md': () => configurationPage(CHINESE_CONFIGURATION),
  'docs/reference/errors.md': () => errorsPage(ENGLISH_ERRORS),
  'docs/zh/reference/errors.md': () => errorsPage(CHINESE_ERRORS),
};
