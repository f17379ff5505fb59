import { defineNamespace } from '../../config/namespace.js';

/** The apps of WECOM_APPS_FILE. */
export const appsConfig = defineNamespace('apps', ({ wecomApps }) => ({ wecomApps }));
