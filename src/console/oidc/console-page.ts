import { toRequestPath } from '../../http/request/request-path.js';

const FIRST_PAGE = '/console';
const LENGTH_MAX = 1_024;
/** Only path and query are looked at. */
const ANYWHERE = 'http://manager.invalid';

/** The page of the console that is asked for, as path and query; its first one for whatever is none, such as another site. */
export function toConsolePage(asked: string): string {
  const url = URL.parse(asked, ANYWHERE);
  if (url?.origin !== ANYWHERE || url.href.length > LENGTH_MAX) return FIRST_PAGE;
  const isPage = url.pathname === FIRST_PAGE || url.pathname.startsWith(`${FIRST_PAGE}/`);
  const isSignIn = /^\/console\/(oidc|session)(\/|$)/.test(toRequestPath(url.pathname));
  return isPage && !isSignIn ? url.pathname + url.search : FIRST_PAGE;
}
