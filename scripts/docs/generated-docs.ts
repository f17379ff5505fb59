import { CHINESE_CONFIGURATION } from './chinese-configuration.js';
import { CHINESE_ERRORS } from './chinese-errors.js';
import { CHINESE_METRICS } from './chinese-metrics.js';
import { configurationPage, ENGLISH_CONFIGURATION } from './configuration-page.js';
import { ENGLISH_ERRORS, errorsPage } from './errors-page.js';
import { ENGLISH_METRICS, metricsPage } from './metrics-page.js';

/** The pages that are written from the code, by their paths. The pages of the metrics have text around their table, written by hand. */
export const GENERATED_DOCS: Readonly<Record<string, () => string>> = {
  'docs/reference/configuration.md': () => configurationPage(ENGLISH_CONFIGURATION),
  'docs/zh/reference/configuration.md': () => configurationPage(CHINESE_CONFIGURATION),
  'docs/reference/errors.md': () => errorsPage(ENGLISH_ERRORS),
  'docs/zh/reference/errors.md': () => errorsPage(CHINESE_ERRORS),
  [ENGLISH_METRICS.page]: () => metricsPage(ENGLISH_METRICS),
  [CHINESE_METRICS.page]: () => metricsPage(CHINESE_METRICS),
};
