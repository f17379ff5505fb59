/**
 * The configuration of Nest's HttpService for rare calls. Calls for every message use undici instead
 * (docs/internals/adr/0014).
 */
import { type HttpModuleOptions, HttpService } from '@nestjs/axios';
import axios from 'axios';
import { errorCodeOf } from '../../kernel/error-code.js';

/**
 * Bodies and statuses come unchanged, and redirects are not followed. Each call must bring a deadline and an agent of
 * `newAgent`. With another agent, axios would read the proxy variables of the environment itself. `proxy: false` is no way
 * out: axios would then ignore the agent's own proxy.
 */
export const HTTP_OPTIONS: HttpModuleOptions = {
  maxRedirects: 0,
  // Far more than any answer to gettoken needs.
  maxContentLength: 65_536,
  responseType: 'arraybuffer',
  decompress: false,
  validateStatus: null,
  headers: { 'accept-encoding': 'identity', 'user-agent': 'wxkf-manager' },
};

/** For commands, where Nest injects nothing. */
export function newHttpService(): HttpService {
  return new HttpService(axios.create(HTTP_OPTIONS));
}

/** Decides by the message, since axios has one code for an answer that is too long and for one that broke off. */
export function isTooLong(error: unknown): boolean {
  return axios.isAxiosError(error) && error.message.startsWith('maxContentLength');
}

/** Node's code of the failure; `''` when there is none. */
export function failureCodeOf(error: unknown): string {
  const code = errorCodeOf(error);
  return code === axios.AxiosError.ERR_BAD_RESPONSE ? 'ECONNRESET' : code;
}
