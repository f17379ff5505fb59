import type { english } from './english.js';

/** What is said of troubles, in notifications and in the console; English decides which texts there are. */
export type TroubleWords = typeof english;
