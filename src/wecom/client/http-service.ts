/**
 * The configuration of Nest's HttpService for rare calls. Calls for every message use undici instead
 * (docs/internals/adr/0014).
 */
import { type HttpModuleOptions, HttpService } from '@nestjs/axios';
import axios from 'axios';
import { errorCodeOf } from '../../kernel/error-code.js';

/**
 * Bytes and statuses come as they are, and redirects are not followed. Each call brings a deadline and an agent of `newAgent`:
 * with another agent axios would read the variables of proxies by itself, and with `proxy: false` past any.
 */
export const HTTP_OPTIONS: HttpModuleOptions = {
  maxRedirects: 0,
  // Far more than any answer to gettoken has.
  maxContentLength: 65_536,
  responseType: 'arraybuffer',
  decompress: false,
  validateStatus: null,
  headers: { 'accept-encoding': 'identity', 'user-agent': 'wxkf-manager' },
};

/** For the shell, where there is no module to inject it. */
export function newHttpService(): HttpService {
  return new HttpService(axios.create(HTTP_OPTIONS));
}

/** Axios has one code for an answer that is too long and for one that broke off. */
export function isTooLong(error: unknown): boolean {
  return axios.isAxiosError(error) && error.message.startsWith('maxContentLength');
}

/** What Node calls the failure; `''` where it has no name. */
export function failureCodeOf(error: unknown): string {
  const code = errorCodeOf(error);
  return code === axios.AxiosError.ERR_BAD_RESPONSE ? 'ECONNRESET' : code;
}
