import type { FastifyRequest } from 'fastify';
import type { Requester } from '../../kernel/role.js';

export function requesterOf({ ip, id }: FastifyRequest): Requester {
  return { from: ip, requestId: String(id) };
}
