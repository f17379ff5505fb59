/** Options of several commands. */

export const JSON_OUTPUT = ['--json', 'one JSON object on standard output instead of text'] as const;

export const MANAGER_URL = ['--url <URL>', 'where the manager is, if not at HOST and PORT'] as const;

export const MANAGER_NOTE =
  'Asks the manager at HOST and PORT, or at --url, with AUTH_OPERATOR_TOKEN of the environment or .env.';
