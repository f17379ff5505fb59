import { noteManagerTime } from '../state/manager-time.js';
import { sessionEnded } from '../session/session.js';
import { ApiError } from './api-error.js';
import { connectionHeld, connectionLost } from './connection.js';
import { UnreachableError } from './unreachable-error.js';

const DEADLINE_MS = 10_000;

interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Gives up without an error of the manager. */
  readonly signal?: AbortSignal;
  readonly deadlineMs?: number;
}

/**
 * One exchange with the manager that serves this page. The cookie says who asks; the header says that it is this
 * page: no form of another site can send it, and a 401 to it has the browser ask nobody for a password.
 * @throws ApiError when it is refused; a 401 of the API ends the session here, too.
 * @throws UnreachableError when no answer came in time.
 */
export async function request<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const response = await send(path, options);
  const answer = toObject(await response.text().catch(unreachable));
  connectionHeld();
  noteManagerTime(response.headers.get('date'));
  if (response.ok && answer !== null) return answer as T;
  if (response.status === 401 && path.startsWith('/api/')) sessionEnded();
  throw toApiError(response, answer ?? {});
}

async function send(path: string, { method = 'GET', body, signal, deadlineMs }: RequestOptions) {
  const deadline = AbortSignal.timeout(deadlineMs ?? DEADLINE_MS);
  try {
    return await fetch(path, {
      method,
      cache: 'no-store',
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
      headers: {
        accept: 'application/json',
        'x-wxkf-console': '1',
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    return unreachable(error);
  }
}

function unreachable(cause: unknown): never {
  connectionLost();
  throw new UnreachableError(cause);
}

/** @returns null for what is no JSON object: something between the page and the manager answered. */
function toObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function toApiError(response: Response, { message, error, requestId }: Readonly<Record<string, unknown>>) {
  return new ApiError(
    response.status,
    toText(error),
    toText(message) ?? `HTTP ${response.status} ${response.statusText}`.trim(),
    toText(requestId),
  );
}

function toText(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
