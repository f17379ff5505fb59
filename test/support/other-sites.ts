/** What browsers say of a request that a page of another site makes, and what WeCom's routes answer to it. */
import { expect } from '@jest/globals';

/** By whose page, and the headers of its browser. */
export const OTHER_SITES: readonly (readonly [string, string[]])[] = [
  ['from another site', ['Sec-Fetch-Site', 'cross-site', 'Sec-Fetch-Mode', 'no-cors']],
  ['from another port of this name', ['Sec-Fetch-Site', 'same-site']],
  ['from a link outside the browser', ['Sec-Fetch-Site', 'none', 'Sec-Fetch-Mode', 'navigate']],
];

export const CROSS_SITE = { errcode: 403, errmsg: expect.stringMatching(/a page of another site/) };
