/**
 * Each route states who may call it; `gate.ts` holds callers to that and lets no route in that states
 * nothing. A route that is not Nest's states it in Fastify's own `config`.
 */
import type { Caller, Role } from '../../kernel/role.js';
import { extendRouteConfig } from '../routes/route-config.js';

/** `bots`: whoever has the key of one, as the parameter `key` of the path. `replicas`: others of this manager. */
export type AllowedCallers = 'anyone' | 'bots' | 'replicas' | readonly [Caller, ...Caller[]];

declare module 'fastify' {
  interface FastifyContextConfig {
    allowedCallers?: AllowedCallers;
    recognizesCallers?: boolean;
    allowsBots?: boolean;
  }
}

/** Callers with credentials of one of these roles, where there are credentials at all. */
export function AllowRoles(...roles: [Role, ...Role[]]): MethodDecorator {
  return extendRouteConfig({ allowedCallers: roles });
}

/**
 * Besides the roles, bots with their keys; `request.bot` is the bot whose key was sent. A key is recognized also when
 * nobody needs credentials.
 */
export function AllowBots(): MethodDecorator {
  return extendRouteConfig({ allowsBots: true });
}

/** Bots alone, whose key is the parameter `key` of the path, for programs that can send it in no other way. */
export function AllowBotsByPath(): MethodDecorator {
  return extendRouteConfig({ allowedCallers: 'bots' });
}

/** Other replicas alone, which have read this one's key in the store. */
export function AllowReplicas(): MethodDecorator {
  return extendRouteConfig({ allowedCallers: 'replicas' });
}

/** Operators, and who has a secret for the metrics; that is asked for even where nothing else is. */
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
