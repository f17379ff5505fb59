/**
 * The path of a request as the router reads it. The URL may be absolute or begin with the path (RFC 9112, 3.2). The query is left
 * out, several slashes in a row count as one, and percent-encoding is decoded if it is valid.
 */
export function toRequestPath(url: string): string {
  const [path = ''] = url.replace(/^https?:\/\/[^/?#]*/i, '').split(/[?#]/, 1);
  const plain = path.replace(/\/{2,}/g, '/');
  try {
    return decodeURI(plain);
  } catch {
    return plain;
  }
}
