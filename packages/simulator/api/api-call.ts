import type { IncomingHttpHeaders } from 'node:http';
import type { App } from '../corp/app.js';
import type { Corp } from '../corp/corp.js';
import type { Faults } from '../faults.js';
import type { AccessTokens } from './access-tokens.js';
import type { ApiAnswer } from './answers.js';
import type { RequestFields } from './request-fields.js';
import type { SyncTokens } from './sync-tokens.js';

/** One call of the API, its body read to the end. */
export interface ApiCall {
  readonly method: string;
  /** What follows `/cgi-bin/`. */
  readonly api: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly fromIp: string;
}

/** What the calls work on. */
export interface ApiState {
  readonly corp: Corp;
  readonly apps: readonly App[];
  readonly accessTokens: AccessTokens;
  readonly syncTokens: SyncTokens;
  readonly faults: Readonly<Faults>;
}

export interface CallState extends ApiState {
  /** Whose access token the call has. */
  readonly app: App;
}

/** A call whose token is good and that says what it wants as JSON. @throws Refused */
export type JsonApi = (fields: RequestFields, state: CallState, call: ApiCall) => ApiAnswer;

/** @throws Refused for an account that the corp does not have, or that the app may not manage. */
export function requireAccount({ corp, app }: CallState, openKfId: string): void {
  corp.journalOf(openKfId);
  app.requireManaged(openKfId);
}
