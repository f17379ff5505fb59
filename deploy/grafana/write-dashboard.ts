/** Writes what Grafana imports; a test holds that it was written after the last change. */
import { writeFileSync } from 'node:fs';
import { dashboard } from './dashboard.js';

writeFileSync('deploy/grafana/wxkf-manager.json', `${JSON.stringify(dashboard(), null, 2)}\n`);
