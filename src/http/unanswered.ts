import type { Duplex } from 'node:stream';

/**
 * Whether the answer to an earlier request of the connection is under way. Whoever takes the connection over then would have it
 * written into what follows, and Node throws where another answer is given the connection.
 */
export function hasUnanswered(socket: Duplex): boolean {
  // Node's own mark. Without it such a caller would harm itself alone at a tunnel, and an upgrade could not be answered.
  return Boolean((socket as { readonly _httpMessage?: unknown })._httpMessage);
}
