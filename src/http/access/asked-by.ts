import type { FastifyRequest } from 'fastify';
import type { AskedBy } from '../../kernel/role.js';

export function askedBy({ ip, id }: FastifyRequest): AskedBy {
  return { from: ip, requestId: String(id) };
}
