/** Who may call a route, as OpenAPI says it: any one of several schemes. */
import type { DocumentBuilder } from '@nestjs/swagger';
import type { AllowedCallers } from '../http/access/allowed-callers.js';
import { CONSOLE_HEADER } from '../http/access/own-page.js';
import { SESSION_COOKIE } from '../http/access/sessions.js';
import { CALLERS, type Caller } from '../kernel/role.js';

const SECRETS: Readonly<Record<Caller, string>> = {
  puppet: 'AUTH_PUPPET_TOKEN',
  gateway: 'AUTH_GATEWAY_TOKEN',
  operator: 'AUTH_OPERATOR_TOKEN',
  metrics: 'METRICS_TOKEN',
};

/** Two for each role: a secret is sent in either way. */
export function addSecuritySchemes(document: DocumentBuilder): void {
  for (const caller of CALLERS) {
    const orToken = caller === 'operator' ? ', or the token of a named operator' : '';
    const whose = `A secret of \`${SECRETS[caller]}\`${orToken}`;
    document
      .addBearerAuth({ type: 'http', scheme: 'bearer', description: `${whose}.` }, `${caller}Bearer`)
      .addBasicAuth(
        { type: 'http', scheme: 'basic', description: `${whose} as the password, with any user.` },
        `${caller}Basic`,
      );
  }
  document
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'The key of a bot.' }, 'botBearer')
    .addBasicAuth(
      { type: 'http', scheme: 'basic', description: 'The key of a bot as the password, with any user.' },
      'botBasic',
    );
  document.addCookieAuth(
    SESSION_COOKIE,
    {
      type: 'apiKey',
      in: 'cookie',
      description: `What \`POST /console/session\` sets, over https as \`__Host-${SESSION_COOKIE}\`. A request by it that changes something needs the header \`${CONSOLE_HEADER}: 1\`, and to come from a page of the manager's own.`,
    },
    'consoleSession',
  );
}

/** @param allowsBots whether the key of a bot opens the route, too. */
export function securityOf(allowed: AllowedCallers, allowsBots: boolean): Record<string, string[]>[] {
  if (typeof allowed === 'string') return [];
  return [
    ...allowed.flatMap((caller) => [{ [`${caller}Bearer`]: [] }, { [`${caller}Basic`]: [] }]),
    ...(allowsBots ? [{ botBearer: [] }, { botBasic: [] }] : []),
    ...(allowed.includes('operator') ? [{ consoleSession: [] }] : []),
  ];
}
