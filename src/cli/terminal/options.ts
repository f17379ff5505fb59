/** Options of several commands. */

export const JSON_OUTPUT = ['--json', 'one JSON object on standard output instead of text'] as const;
