import { toPlainHost } from './host-name.js';

/** A host with a port, as CONNECT names it (RFC 9110, 9.3.6). */
export interface Authority {
  /** In lower case, without a final dot and the brackets of IPv6. */
  readonly host: string;
  readonly port: number;
}

const FORMAT = /^(?<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+):(?<port>\d{1,5})$/i;

/** @returns `null` for a text that is no host with a port. */
export function parseAuthority(text: string): Authority | null {
  const { host, port } = FORMAT.exec(text)?.groups ?? {};
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) return null;
  return { host: toPlainHost(host), port: Number(port) };
}

/** With the brackets of IPv6. */
export function toAuthorityText({ host, port }: Authority): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
