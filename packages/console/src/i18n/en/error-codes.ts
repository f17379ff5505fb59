/** By the manager's error code; none in English, which the manager itself speaks. */
export const errorCodes: Readonly<Record<string, string>> = {};
