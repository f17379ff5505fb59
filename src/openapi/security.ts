/** The callers of a route as OpenAPI's security schemes. Any one of a route's schemes is enough. */
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

/** Adds two schemes for each role, since a secret can be sent as Bearer or as Basic. */
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
      description: `The cookie that \`POST /console/session\` sets; over https its name is \`__Host-${SESSION_COOKIE}\`. With it, a request that changes something needs the header \`${CONSOLE_HEADER}: 1\` and must come from a page of the manager.`,
    },
    'consoleSession',
  );
}

/** @param allowsBots whether the key of a bot also opens the route. */
export function securityOf(allowed: AllowedCallers, allowsBots: boolean): Record<string, string[]>[] {
  if (typeof allowed === 'string') return [];
  return [
    ...allowed.flatMap((caller) => [{ [`${caller}Bearer`]: [] }, { [`${caller}Basic`]: [] }]),
    ...(allowsBots ? [{ botBearer: [] }, { botBasic: [] }] : []),
    ...(allowed.includes('operator') ? [{ consoleSession: [] }] : []),
  ];
}
