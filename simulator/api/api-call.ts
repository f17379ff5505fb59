import type { IncomingHttpHeaders } from 'node:http';
import type { Corp } from '../corp/corp.js';
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
  readonly accessTokens: AccessTokens;
  readonly syncTokens: SyncTokens;
}

/** A call whose token is good and that says what it wants as JSON. @throws Refused */
export type JsonApi = (fields: RequestFields, state: ApiState, call: ApiCall) => ApiAnswer;
