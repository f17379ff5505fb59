import { readFileSync } from 'node:fs';
import { inPackage } from './package-root.js';

const manifest: { readonly version: string } = JSON.parse(readFileSync(inPackage('package.json'), 'utf8'));

/** Of this program, as package.json has it. */
export const { version: VERSION } = manifest;
