import type { english } from './english.js';

/** Every text there is; English decides which, and each language has all of them. */
export type Words = typeof english;
