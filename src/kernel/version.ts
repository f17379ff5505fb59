import { readFileSync } from 'node:fs';
import { inPackage } from './package-root.js';

const manifest: { readonly version: string } = JSON.parse(readFileSync(inPackage('package.json'), 'utf8'));

/** This program's version, from package.json. */
export const { version: VERSION } = manifest;
