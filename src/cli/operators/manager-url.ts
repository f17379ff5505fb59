import type { Config } from '../../config/config.js';
import { UsageError } from '../terminal/command-error.js';

/** Where a manager with these settings is reached from its own machine. */
export function ownUrlOf({ host, port }: Pick<Config, 'host' | 'port'>): URL {
  const name = /^(0\.0\.0\.0|::)$/.test(host) ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return new URL(`http://${name}:${port}`);
}

/**
 * Where the manager is, a path in front of its routes included. Without the text that it was given, which may hold a secret.
 * @throws UsageError
 */
export function readManagerUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new UsageError('--url must be a URL like http://127.0.0.1:7777');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new UsageError(
      '--url must have no user, password, query or fragment; the secret is taken from AUTH_OPERATOR_TOKEN',
    );
  }
  return url;
}
