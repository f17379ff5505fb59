/**
 * Each route states who may call it. `gate.ts` enforces that, and throws for a route that states nothing. A route that is not
 * Nest's states it in Fastify's own `config`.
 */
import type { Caller, Role } from '../../kernel/role.js';
import { extendRouteConfig } from '../routes/route-config.js';

/** `bots`: callers that send a bot's key as the parameter `key` of the path. */
export type AllowedCallers = 'anyone' | 'bots' | readonly [Caller, ...Caller[]];

declare module 'fastify' {
  interface FastifyContextConfig {
    allowedCallers?: AllowedCallers;
    recognizesCallers?: boolean;
    allowsBots?: boolean;
  }
}

/** Callers with credentials of one of these roles. While there are no credentials at all, everybody may call. */
export function AllowRoles(...roles: [Role, ...Role[]]): MethodDecorator {
  return extendRouteConfig({ allowedCallers: roles });
}

/**
 * Bots with their keys may call, too, besides the roles. `request.bot` is the bot whose key was sent. A key is recognized even
 * while nobody needs credentials.
 */
export function AllowBots(): MethodDecorator {
  return extendRouteConfig({ allowsBots: true });
}

/** Only bots, with their key as the parameter `key` of the path: for programs that can send it in no other way. */
export function AllowBotsByPath(): MethodDecorator {
  return extendRouteConfig({ allowedCallers: 'bots' });
}

/** Operators, and callers with a secret for the metrics. If there is one, it is asked for even while no role has a secret. */
export function AllowMetricsReaders(): MethodDecorator {
  return extendRouteConfig({ allowedCallers: ['operator', 'metrics'] });
}

/** Credentials are not asked for and, without `RecognizeCallers`, not judged either: `request.role` stays `null`. */
export function AllowAnyone(): MethodDecorator {
  return extendRouteConfig({ allowedCallers: 'anyone' });
}

/**
 * For a route that anyone may call and that answers some roles in more detail: `request.role` is the role whose
 * credentials were sent. Wrong credentials are counted.
 */
export function RecognizeCallers(): MethodDecorator {
  return extendRouteConfig({ recognizesCallers: true });
}
