import { APPS } from './areas/apps.js';
import { CALLBACKS } from './areas/callbacks.js';
import { CONSOLE } from './areas/console.js';
import { DOCUMENTS } from './areas/documents.js';
import { MONITORING } from './areas/monitoring.js';
import { OPERATORS } from './areas/operators.js';
import { PUPPETS } from './areas/puppets.js';
import { WECOM } from './areas/wecom.js';
import type { Area } from './description.js';

/** In the order of the page. */
export const AREAS: readonly Area[] = [
  PUPPETS,
  WECOM,
  CALLBACKS,
  OPERATORS,
  APPS,
  CONSOLE,
  MONITORING,
  DOCUMENTS,
];
