/** Upper bounds of the buckets of histograms, in seconds. */

/** For work that ends within 5 s: a callback has 3 s, an attempt 5. */
export const UP_TO_5_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5];

/** For store operations, most of which take less. */
export const OF_THE_STORE = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 2, 5];

/** For calls to WeCom, which may carry files. */
export const UP_TO_60_S = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
