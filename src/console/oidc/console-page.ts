import { toRequestPath } from '../../http/request/request-path.js';

const FIRST_PAGE = '/console';
const LENGTH_MAX = 1_024;
/** A base for relative URLs. Only path and query are used. */
const ANYWHERE = 'http://manager.invalid';

/** The requested page of the console, as path and query. Anything else, such as another site, becomes the first page. */
export function toConsolePage(asked: string): string {
  const url = URL.parse(asked, ANYWHERE);
  if (url?.origin !== ANYWHERE || url.href.length > LENGTH_MAX) return FIRST_PAGE;
  const isPage = url.pathname === FIRST_PAGE || url.pathname.startsWith(`${FIRST_PAGE}/`);
  const isSignIn = /^\/console\/(oidc|session)(\/|$)/.test(toRequestPath(url.pathname));
  return isPage && !isSignIn ? url.pathname + url.search : FIRST_PAGE;
}
