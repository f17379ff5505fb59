/** By the manager's error code; none in English, which the manager itself speaks. */
export const refusals: Readonly<Record<string, string>> = {};
