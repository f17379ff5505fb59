/** Options of several commands. */

export const JSON_OUTPUT = ['--json', 'one JSON object on standard output instead of text'] as const;

export const MANAGER_URL = ['--url <URL>', 'where the manager is, if not at HOST and PORT'] as const;
